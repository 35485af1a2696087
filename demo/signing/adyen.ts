import { createHmac, randomBytes } from 'node:crypto';
import { type BankEvent, type EventKind, type Signer, firstOf, minorUnits } from './signer';

/** docs.adyen.com/development-resources/currency-codes; CLP, CVE, IDR and ISK differ from ISO 4217. */
const DECIMALS = { JPY: 0, KRW: 0, KWD: 3, BHD: 3, CLP: 2, CVE: 0, IDR: 0, ISK: 2 };

/** Adyen standard notifications: several items in one callback, each signed for itself by HMAC-SHA256. */
export function createAdyenSigner(): Signer {
  const key = randomBytes(32);
  return {
    provider: 'adyen',
    keys: [{ purpose: 'hmac_key', secret: key.toString('hex').toUpperCase() }],
    sign: (events, { at, altered, unsigned }) => {
      const items = events.map((event, index) => {
        const signature = createHmac('sha256', key)
          .update(signedText(itemOf(event, at)))
          .digest('base64');
        return {
          NotificationRequestItem: {
            ...itemOf(altered?.[index] ?? event, at),
            additionalData: unsigned === true ? {} : { hmacSignature: signature },
          },
        };
      });
      return {
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify({ live: String(firstOf(events).payment.live), notificationItems: items }),
      };
    },
    isAcknowledged: (_status, body) => body === '[accepted]',
  };
}

const CODES: Readonly<Record<EventKind, readonly [code: string, success: boolean]>> = {
  paid: ['AUTHORISATION', true],
  failed: ['AUTHORISATION', false],
  noise: ['CAPTURE', true],
  refund: ['REFUND', true],
  unheard_of: ['WINDMILL_TURNED', true],
};

type Item = ReturnType<typeof itemOf>;

function itemOf({ id, kind, payment }: BankEvent, at: Date) {
  const [eventCode, success] = CODES[kind];
  // A payment's first event is named by the payment itself; only what follows has a reference of its own.
  const isFirst = eventCode === 'AUTHORISATION';
  return {
    amount: { currency: payment.currency, value: minorUnits(payment, DECIMALS) },
    eventCode,
    eventDate: at.toISOString(),
    merchantAccountCode: payment.account,
    merchantReference: payment.reference ?? '',
    originalReference: isFirst ? '' : payment.id,
    paymentMethod: 'visa',
    pspReference: isFirst ? payment.id : id,
    reason: '',
    success: String(success),
  };
}

function signedText(item: Item): string {
  return [
    item.pspReference,
    item.originalReference,
    item.merchantAccountCode,
    item.merchantReference,
    item.amount.value,
    item.amount.currency,
    item.eventCode,
    item.success,
  ].join(':');
}
