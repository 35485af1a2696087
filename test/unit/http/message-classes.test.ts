import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import express, { type Request, type Response } from 'express';
import { listen } from '../../../src/listener';

/** Whether two objects have one hidden class, as V8's own tests ask it. */
setFlagsFromString('--allow-natives-syntax');
const haveSameMap = runInThisContext('(one, other) => %HaveSameMap(one, other)') as (
  one: object,
  other: object,
) => boolean;

/** Otherwise every request has a hidden class of its own, and all code that touches one is slow (Node 20 and 22). */
it('gives all requests of a listener one hidden class, and all answers, whatever express adds to them', async () => {
  const app = express();
  const seen: { readonly req: Request; readonly res: Response }[] = [];
  app.use((req, _res, next) => {
    Object.assign(req, { body: 'read' });
    next();
  });
  app.get('/things/:id', (req, res) => {
    seen.push({ req, res });
    if (seen.length < 3) return;
    for (const one of seen) one.res.status(200).type('text').send('done');
  });
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  try {
    const answers = await Promise.all([1, 2, 3].map((id) => fetch(`${listener.url}/things/${id}`)));
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['done', 'done', 'done']);
    const [first, ...others] = seen;
    if (first === undefined) throw new Error('nothing came');
    for (const other of others) {
      expect(haveSameMap(first.req, other.req)).toBe(true);
      expect(haveSameMap(first.res, other.res)).toBe(true);
    }
  } finally {
    await listener.close();
  }
});

it('leaves to express what is its own: what it says of a request, and how it answers', async () => {
  const app = express();
  app.set('trust proxy', 1);
  app.get('/', (req, res) => {
    res.json({ ip: req.ip, host: req.hostname, secure: req.secure, app: req.app === app && res.app === app });
  });
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  try {
    const headers = {
      'X-Forwarded-For': '203.0.113.7',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'shop.example',
    };
    const answer = await fetch(listener.url, { headers });
    expect(await answer.json()).toEqual({ ip: '203.0.113.7', host: 'shop.example', secure: true, app: true });
  } finally {
    await listener.close();
  }
});
