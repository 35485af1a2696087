/**
 * Loaded into a service process before anything else: the time of day is wrong by as much as the parent process says, from
 * the moment at which it says so. Clocks that only go forward (`performance`, timers) go on as they are, as they do where a
 * machine's clock is set.
 */
let skewMs = 0;

process.on('message', (message) => {
  if (typeof message === 'object' && message !== null && 'skewMs' in message && typeof message.skewMs === 'number') {
    ({ skewMs } = message);
  }
});
// Waiting for such a message must not keep the process.
process.channel?.unref();

const RealDate = Date;
const now = (): number => RealDate.now() + skewMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
});
