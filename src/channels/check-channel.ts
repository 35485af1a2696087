import { type InvalidField, Problem } from '../core/errors';
import type { ChannelAdapter, ProviderName } from './channel';
import type { ChannelRegistry } from './registry';

export interface GivenKey {
  readonly purpose: string;
  readonly serial?: string | undefined;
  readonly secret: string;
}

/** @throws Problem `invalid_request` that names the providers there are */
export function adapterFor(registry: ChannelRegistry, provider: ProviderName): ChannelAdapter {
  const adapter = registry.get(provider);
  if (adapter !== undefined) return adapter;
  throw invalid([{ path: 'provider', message: `is one of ${[...registry.keys()].join(', ')}` }]);
}

/**
 * What an operator gives for a channel must be what its provider's callbacks can be verified with: a wrong key is found now
 * and not when the first payment is refused.
 * @throws Problem `invalid_request` that names the fields, never a secret
 */
export function checkChannel(
  adapter: ChannelAdapter,
  given: { readonly settings: Readonly<Record<string, unknown>>; readonly keys: readonly GivenKey[] },
): void {
  const wrongSettings = adapter.checkSettings(given.settings);
  const wrong: InvalidField[] = wrongSettings === undefined ? [] : [{ path: 'settings', message: wrongSettings }];
  given.keys.forEach((key, index) => wrong.push(...keyProblems(adapter, key, `keys[${index}].`)));
  for (const [purpose, { required, describes }] of Object.entries(adapter.keyPurposes)) {
    if (!required || given.keys.some((key) => key.purpose === purpose)) continue;
    wrong.push({ path: 'keys', message: `must hold a key of the purpose ${purpose}: ${describes}` });
  }
  if (wrong.length > 0) throw invalid(wrong);
}

/** @throws Problem `invalid_request` */
export function checkKey(adapter: ChannelAdapter, key: GivenKey): void {
  const wrong = keyProblems(adapter, key, '');
  if (wrong.length > 0) throw invalid(wrong);
}

function keyProblems(adapter: ChannelAdapter, key: GivenKey, path: string): InvalidField[] {
  const purpose = Object.hasOwn(adapter.keyPurposes, key.purpose) ? adapter.keyPurposes[key.purpose] : undefined;
  if (purpose === undefined) {
    const known = Object.keys(adapter.keyPurposes).join(', ');
    return [{ path: `${path}purpose`, message: `is one of ${known} for this provider` }];
  }
  const wrong = adapter.checkKey(key.purpose, key.secret);
  return [
    ...(wrong === undefined ? [] : [{ path: `${path}secret`, message: wrong }]),
    ...(purpose.needsSerial === true && key.serial === undefined
      ? [{ path: `${path}serial`, message: 'is needed: the provider names the key by it in each callback' }]
      : []),
  ];
}

function invalid(fields: readonly InvalidField[]): Problem {
  const [first] = fields;
  return new Problem('invalid_request', `"${first?.path ?? 'body'}" ${first?.message ?? 'is not valid'}`, { fields });
}
