import { Agent, get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { listen } from '../../src/listener';

describe('closing the listener', () => {
  it('answers what has begun, and does not wait for the next request of a connection that is kept alive', async () => {
    const listener = await listen(
      (_request, response) => {
        setTimeout(() => response.end('done'), 200);
      },
      { host: '127.0.0.1', port: 0 },
    );
    const agent = new Agent({ keepAlive: true });
    const answered = new Promise<string>((resolve, reject) => {
      get(listener.url, { agent }, (response) => {
        response.setEncoding('utf8').once('data', resolve);
      }).on('error', reject);
    });
    await wait(50);
    const began = Date.now();
    await listener.close();
    expect(await answered).toBe('done');
    expect(Date.now() - began).toBeLessThan(2_000);
    agent.destroy();
  });
});
