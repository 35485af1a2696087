import { createHash } from 'node:crypto';
import { allOperators, operatorOf, readOperators } from '../../../src/config-operators';
import { loadConfig } from '../../../src/config';
import { findOperation } from '../../../src/http/operation-finder';
import { createRoutes } from '../../../src/http/operation';
import { redact, shapeOf } from '../../../src/http/redact';

const TOKEN = 'a-token-of-24-characters';
const OTHER = 'b-token:with-a-colon-in-it';
const hash = createHash('sha256').update(OTHER).digest('hex');

describe('operators of the environment', () => {
  it('are names with tokens or their hashes, several of one name while it rotates', () => {
    expect(readOperators(`alice:${TOKEN}, bob:sha256:${hash},alice:${OTHER}-new`)).toEqual([
      operatorOf('alice', TOKEN),
      operatorOf('bob', OTHER),
      operatorOf('alice', `${OTHER}-new`),
    ]);
  });

  it.each([
    '',
    'alice',
    'alice:short',
    `:${TOKEN}`,
    `al ice:${TOKEN}`,
    `alice:${TOKEN},`,
    'alice:sha256:abc',
    `alice:sha256:${hash}0`,
    `alice:${TOKEN},bob:${TOKEN}`,
    `alice:${OTHER},bob:sha256:${hash}`,
  ])('are refused as %j', (text) => {
    expect(readOperators(text)).toBeUndefined();
  });

  it('may take the place of the shared token, and are told wrong in one line without the secret', () => {
    const environment = {
      DATABASE_URL: 'postgres://db.example/quittance',
      QUITTANCE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    };
    const config = loadConfig({ ...environment, QUITTANCE_OPERATOR_TOKENS: `alice:${TOKEN}` });
    expect(allOperators(config)).toEqual([operatorOf('alice', TOKEN)]);
    const refusals = [
      { QUITTANCE_OPERATOR_TOKENS: `alice:${TOKEN},bob` },
      { QUITTANCE_OPERATOR_TOKENS: `alice:${TOKEN}`, QUITTANCE_OPERATOR_TOKEN: TOKEN },
    ];
    for (const wrong of refusals) {
      expect(() => loadConfig({ ...environment, ...wrong })).toThrow(
        /^QUITTANCE_OPERATOR_TOKENS [^\n]*; expected name:token[^\n]*$/,
      );
      expect(() => loadConfig({ ...environment, ...wrong })).not.toThrow(new RegExp(TOKEN));
    }
  });
});

describe('what is kept of a body', () => {
  it('has no value of a field that names a secret, at any depth, and says which keys were set', () => {
    expect(
      redact({ a: 'x', api_v3_key: 'k', keys: [{ purpose: 'p', secret: 's' }], tokens: ['t'], deep: { Password: 1 } }),
    ).toEqual({
      a: 'x',
      api_v3_key: '[redacted]',
      keys: [{ purpose: 'p', secret: '[redacted]' }],
      tokens: ['[redacted]'],
      deep: { Password: '[redacted]' },
    });
  });

  it('is bounded', () => {
    const large = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, 'x'.repeat(900)]));
    expect(JSON.stringify(redact(large)).length).toBeLessThan(100);
    expect(JSON.stringify(redact(Array.from({ length: 1_000 }, () => 1))).length).toBeLessThan(300);
    expect(JSON.stringify(redact('x'.repeat(100_000))).length).toBeLessThan(600);
  });

  it('has no half of a character at its end, which could not be kept', () => {
    const kept = redact({ text: `${'x'.repeat(499)}😀`, [`${'k'.repeat(499)}😀`]: 1 });
    expect(JSON.stringify(kept)).not.toMatch(/\\u[dD]/);
    expect(JSON.stringify(shapeOf({ [`${'k'.repeat(63)}😀`]: 1 }))).not.toMatch(/\\u[dD]/);
  });

  it('is its shape alone where it was refused', () => {
    expect(shapeOf({ secert: 'hunter2', list: [1, 'a'], none: null })).toEqual({
      secert: '[string]',
      list: ['[number]', '[string]'],
      none: null,
    });
  });
});

it('finds the operation of a request before it is routed', () => {
  const routes = createRoutes('Things');
  const answer = { status: 200, description: 'x' } as const;
  routes.serve({ id: 'listThings', method: 'get', path: '/', summary: 'x', answer, problems: [] }, () =>
    Promise.resolve(undefined),
  );
  routes.serve({ id: 'endThing', method: 'post', path: '/:id/end', summary: 'x', answer, problems: [] }, () =>
    Promise.resolve(undefined),
  );
  const find = findOperation([{ path: '/a.b/:b_id/things', routes }]);
  expect(find('GET', '/a.b/1/things/')?.id).toBe('listThings');
  expect(find('POST', '/A.B/1/things/2/END')?.id).toBe('endThing');
  expect(find('POST', '/acb/1/things/2/end')).toBeUndefined();
  expect(find('POST', '/a.b/1/things/2/3/end')).toBeUndefined();
});
