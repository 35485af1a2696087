import { createHash } from 'node:crypto';

/** An operator as the configuration names them; the token itself is not kept. */
export interface Operator {
  readonly name: string;
  /** SHA-256 of the token. */
  readonly tokenHash: Buffer;
}

export const OPERATORS =
  'name:token or name:sha256:<64 hex digits>, separated by commas, a token being 24 to 200 visible characters without commas and of one name only';

const ENTRY =
  /^([A-Za-z0-9][A-Za-z0-9._@-]{0,63}):(?:sha256:([0-9a-fA-F]{64})|(?!sha256:)([\x21-\x2b\x2d-\x7e]{24,200}))$/;

export function operatorOf(name: string, token: string): Operator {
  return { name, tokenHash: createHash('sha256').update(token).digest() };
}

/** Reads the operators of one variable. Undefined where an entry is malformed or two names share a token. */
export function readOperators(text: string): readonly Operator[] | undefined {
  const operators: Operator[] = [];
  for (const entry of text.split(',')) {
    const [, name, hash, token] = ENTRY.exec(entry.trim()) ?? [];
    if (name === undefined) return undefined;
    operators.push(token === undefined ? { name, tokenHash: Buffer.from(hash ?? '', 'hex') } : operatorOf(name, token));
  }
  return shareToken(operators) ? undefined : operators;
}

/** Everybody whose token is taken: the shared one is that of "operator". */
export function allOperators(config: {
  readonly operatorToken: string | undefined;
  readonly namedOperators: readonly Operator[];
}): readonly Operator[] {
  const { operatorToken, namedOperators } = config;
  return operatorToken === undefined ? namedOperators : [operatorOf('operator', operatorToken), ...namedOperators];
}

/** True where one token stands for two names: who has acted could not be told. */
export function shareToken(operators: readonly Operator[]): boolean {
  const names = new Map<string, string>();
  return operators.some(({ name, tokenHash }) => {
    const known = names.get(tokenHash.toString('hex'));
    names.set(tokenHash.toString('hex'), name);
    return known !== undefined && known !== name;
  });
}
