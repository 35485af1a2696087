/**
 * What a person reads when the service has started: where it is, and how to see a payment settle, line by line to be
 * copied into another shell.
 */
export function firstSteps(service: { readonly url: string; readonly dataDir: string }): string {
  return `
Quittance listens on ${service.url}
Its data, its keys and the operator's token are in ${service.dataDir}

A first payment, in another shell (the commands find the service through its data folder):

  openssl rand -base64 32 | sed 's/^/whsec_/' > bank.secret
  MERCHANT=$(npx quittance merchants create "First shop" --field id)
  export QUITTANCE_API_KEY=$(npx quittance api-keys create $MERCHANT --name first --field key)
  npx quittance channels create first-bank --provider standard_webhooks --receiving-account BANK-1 --key webhook_secret=@bank.secret
  REFERENCE=$(npx quittance orders create 1001 12.50 EUR --field payment_reference)

  BODY='{"type":"payment.succeeded","data":{"id":"pay_1","account":"BANK-1","amount":"12.50","currency":"EUR","reference":"'$REFERENCE'"}}'
  NOW=$(date +%s)
  KEY=$(sed 's/^whsec_//' bank.secret | base64 -d | od -An -tx1 | tr -d ' \\n')
  SIGNATURE=$(printf %s "msg_1.$NOW.$BODY" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY -binary | base64)
  curl -i ${service.url}/callbacks/first-bank -H "webhook-id: msg_1" -H "webhook-timestamp: $NOW" -H "webhook-signature: v1,$SIGNATURE" -d "$BODY"

  npx quittance orders show 1001
  npx quittance timeline 1001
  npx quittance trial-balance

Ctrl-C stops it.
`;
}
