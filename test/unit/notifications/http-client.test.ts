import { createHttpClient } from '../../../src/notifications/http-client';
import { isPrivateLiteral } from '../../../src/notifications/private-addresses';
import { type MerchantServer, startMerchantServer } from '../../support/merchant-server';
import { measureOwnTime } from '../../support/own-time';

describe('the address of an endpoint', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:1::1]',
    '[fd00::1]',
    '[fe80::1]',
    '[ff02::1]',
  ])('%s is private', (host) => {
    expect(isPrivateLiteral(host)).toBe(true);
  });

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '[2606:4700::1111]', '[::ffff:8.8.8.8]', 'example.com'])(
    '%s is not',
    (host) => {
      expect(isPrivateLiteral(host)).toBe(false);
    },
  );
});

describe('the http client', () => {
  let merchant: MerchantServer;
  beforeAll(async () => {
    merchant = await startMerchantServer();
  });
  afterAll(() => merchant.close());

  it('reaches no private address, however it is written', async () => {
    const client = createHttpClient({ allowPrivate: false });
    const { port } = new URL(merchant.url);
    const hosts = [
      '127.0.0.1',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '127.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
      '0',
      'localhost',
    ];
    for (const host of hosts) {
      const answer = await client.post(`http://${host}:${port}/hook`, {}, '{}');
      expect(answer).toMatchObject({ kind: 'unreachable', why: expect.stringContaining('private address') as string });
    }
    expect(merchant.received).toHaveLength(0);
    await client.close();
  });

  it('follows no redirect', async () => {
    const client = createHttpClient({ allowPrivate: true });
    merchant.script({ status: 307, headers: { location: `${merchant.url}/elsewhere` } });
    expect(await client.post(merchant.url, {}, '{}')).toMatchObject({ kind: 'answered', status: 307 });
    expect(merchant.received.map((one) => one.path)).toEqual(['/hook']);
    await client.close();
  });

  it('reads at most so much of an answer and closes the connection of one that never ends', async () => {
    const client = createHttpClient({ allowPrivate: true });
    merchant.script('endless_body');
    const answer = await client.post(merchant.url, {}, '{}');
    expect(answer).toMatchObject({ kind: 'answered', status: 200, cut: true });
    expect(answer.kind === 'answered' && answer.body).toHaveLength(64 * 1024);
    await client.close();
  });

  it.each(['silence', 'slow_body'] as const)('gives up on %s when the time is over', async (behaviour) => {
    const client = createHttpClient({ allowPrivate: true, timeoutMs: 300 });
    merchant.script(behaviour);
    const ownTime = measureOwnTime();
    expect(await client.post(merchant.url, {}, '{}')).toEqual({
      kind: 'unreachable',
      why: 'no complete answer within 0.3 s',
    });
    expect(ownTime()).toBeLessThan(2_000);
    await client.close();
  });

  it('says in words why nobody answered', async () => {
    const client = createHttpClient({ allowPrivate: true });
    merchant.script('reset');
    expect(await client.post(merchant.url, {}, '{}')).toMatchObject({
      why: expect.stringMatching(/closed|reset/) as string,
    });
    expect(await client.post('http://127.0.0.1:2/', {}, '{}')).toEqual({
      kind: 'unreachable',
      why: 'the connection was refused',
    });
    expect(await client.post('http://nobody.invalid/', {}, '{}')).toMatchObject({
      why: expect.stringMatching(/host name/) as string,
    });
    await client.close();
  });
});
