import { randomBytes } from 'node:crypto';
import HmacValidator from '@adyen/api-library/lib/src/utils/hmacValidator';
import { decimalsIn, toMinorUnits, type VendorBank, type VendorCallback, type VendorPayment } from './vendor-bank';

/** docs.adyen.com/development-resources/currency-codes; CLP, CVE, IDR and ISK differ from ISO 4217. */
const DECIMALS = { JPY: 0, KRW: 0, VND: 0, KWD: 3, BHD: 3, CLP: 2, CVE: 0, IDR: 0, ISK: 2, UGX: 0 };

type Item = Parameters<HmacValidator['calculateHmac']>[0] & object;

export interface AdyenItem {
  readonly eventCode: string;
  readonly success?: boolean;
  readonly payment: VendorPayment;
  /** The payment that a later event is about. */
  readonly originalReference?: string;
}

export interface AdyenBank extends VendorBank {
  /** Several items in one callback; mode and nothing else comes from the first. */
  several(items: readonly AdyenItem[]): VendorCallback;
  /** Any items, signed as they are. */
  send(items: readonly object[], live?: boolean): VendorCallback;
}

export function createAdyenBank(key = randomBytes(32).toString('hex').toUpperCase()): AdyenBank {
  const validator = new HmacValidator();
  const sign = (item: object): unknown => {
    const additionalData = { hmacSignature: validator.calculateHmac(item as Item, key) };
    return { NotificationRequestItem: { ...item, additionalData } };
  };
  const itemOf = ({ eventCode, success = true, payment, originalReference }: AdyenItem): object => ({
    amount: {
      currency: payment.currency,
      value: toMinorUnits(payment.amount, decimalsIn(DECIMALS, payment.currency)),
    },
    eventCode,
    eventDate: (payment.at ?? new Date()).toISOString(),
    merchantAccountCode: payment.account,
    merchantReference: payment.paymentReference ?? '',
    ...(originalReference === undefined ? {} : { originalReference }),
    paymentMethod: 'visa',
    // A payment's first event is named by the payment itself; only what follows has a reference of its own.
    pspReference: (originalReference === undefined ? undefined : payment.eventId) ?? payment.providerReference,
    reason: '',
    success: String(success),
  });
  const send = (items: readonly object[], live = false): VendorCallback => ({
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: Buffer.from(JSON.stringify({ live: String(live), notificationItems: items.map(sign) })),
  });
  const several = (items: readonly AdyenItem[]): VendorCallback => send(items.map(itemOf), items[0]?.payment.live);
  const following = (eventCode: string, payment: VendorPayment): VendorCallback =>
    several([
      {
        eventCode,
        payment: { ...payment, eventId: payment.eventId ?? `${payment.providerReference}F` },
        originalReference: payment.providerReference,
      },
    ]);
  return {
    provider: 'adyen',
    keys: () => [{ purpose: 'hmac_key', secret: key }],
    several,
    send,
    paid: (payment) => several([{ eventCode: 'AUTHORISATION', payment }]),
    failed: (payment) => several([{ eventCode: 'AUTHORISATION', success: false, payment }]),
    refund: (payment) => following('REFUND', payment),
    other: (payment) => following('SOMETHING_NEW', payment),
  };
}
