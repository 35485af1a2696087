import { setTimeout as wait } from 'node:timers/promises';
import { payStrays, playAll } from './acts';
import { type Cast, assembleCast } from './cast';
import { FEWEST_ORDERS, planOrders } from './plan';
import { reconcileStatements } from './reconcile';
import { type Screen, createScreen } from './screen';
import { setUp } from './setup';
import { settle } from './settle';
import { createStage } from './stage';
import { type Outcome, showSummary } from './summary';
import { startTicker } from './ticker';
import { CHANNELS, MERCHANTS } from './world';

export interface DemoOptions {
  /** Leaves the service running. */
  readonly keep: boolean;
  readonly orders?: number | undefined;
  /** The same seed plans the same orders. */
  readonly seed?: number | undefined;
}

const ORDERS = 400;
/** How long nobody is there after the plug was pulled. */
const DARK_MS = 1_200;

/**
 * Runs a simulated bank and simulated merchants against a service of its own, and checks that in the end they all agree.
 * @returns the exit code: 0 where they do, 1 where they do not, 130 where it was interrupted
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const screen = createScreen(process.stdout);
  const interruption = createInterruption();
  const cast = assembleCast(interruption.onDeath);
  try {
    const outcome = await Promise.race([perform(cast, screen, options), interruption.happened]);
    showSummary(screen, outcome);
    if (options.keep) await leaveRunning(cast, screen);
    await cast.close();
    return outcome.audit.ok && outcome.disagreements.length === 0 ? 0 : 1;
  } catch (error) {
    screen.line(screen.bad(error instanceof Error ? error.message : String(error)));
    screen.close();
    await cast.close();
    // What the play still waits for must not keep the process.
    process.exit(error instanceof Interrupted ? 130 : 1);
  }
}

class Interrupted extends Error {}

/** Ctrl-C, a process of the cast that ends by itself, or a bug of the demo: nothing of the play can go on then. */
function createInterruption(): { happened: Promise<never>; onDeath: (sentence: string) => void } {
  let fail: (error: Error) => void = () => undefined;
  const happened = new Promise<never>((_resolve, reject) => (fail = reject));
  // Until the play begins nobody waits for it.
  happened.catch(() => undefined);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      fail(new Interrupted('Interrupted; everything is being stopped.'));
    });
  }
  process.on('unhandledRejection', (error) => {
    fail(error instanceof Error ? error : new Error(String(error)));
  });
  return {
    happened,
    onDeath: (sentence) => {
      fail(new Error(sentence));
    },
  };
}

async function perform(cast: Cast, screen: Screen, options: DemoOptions): Promise<Outcome> {
  const began = Date.now();
  const secondsSince = (then: number): number => (Date.now() - then) / 1000;
  const seed = options.seed ?? 1 + Math.floor(Math.random() * 999_999);
  const orders = planOrders(Math.max(FEWEST_ORDERS, options.orders ?? ORDERS), seed);
  const say = (text: string): void => {
    screen.line(`${screen.dim(`${secondsSince(began).toFixed(1).padStart(5)} s`)}  ${text}`);
  };
  screen.line(screen.bold('Quittance: a bank says "paid", and everybody comes to agree, whatever crashes.'));
  say('a service is starting, with a PostgreSQL of its own, on an empty folder');
  const { url, operatorToken } = await cast.ready();
  say(`the service listens on ${url}`);
  const scenery = await setUp({ url, operatorToken, bank: cast.bank, merchants: cast.merchants });
  say(`an operator has set up ${MERCHANTS.length} merchants and ${CHANNELS.length} channels`);
  say(`${orders.length} orders begin, and with them everything that a bank can do to a payment`);

  const ticker = startTicker(screen, cast, orders.length);
  const strays = await payStrays(cast.bank);
  const stage = createStage({ scenery, bank: cast.bank });
  const played = await playAll({
    stage,
    orders,
    onStory: ticker.onStory,
    pullThePlug: () => pullThePlug(cast, say, screen),
    onRush: (payments) => {
      say(`rush hour: ${payments} customers pay at the same moment`);
    },
  });
  say('every payment is acknowledged; the rest settles by itself');
  const reconciled = await reconcileStatements({ cast, scenery, stage });
  say(`the statement of ${reconciled.channel} is reconciled: two callbacks had been lost, and more`);
  const settled = await settle({
    cast,
    scenery,
    played: { ...played, stories: [...played.stories, ...reconciled.stories] },
    strays: [...strays, reconciled.stray],
    reconciled,
    say,
    note: ticker.note,
  });
  ticker.stop();
  return { ...settled, rush: played.rush, seconds: secondsSince(began), seed };
}

async function pullThePlug(cast: Cast, say: (text: string) => void, screen: Screen): Promise<void> {
  say(screen.warm('and now we pull the plug: kill -9, while payments are on their way'));
  const pulled = Date.now();
  await cast.pullThePlug(DARK_MS);
  say(`it is back on the same data, after ${((Date.now() - pulled) / 1000).toFixed(1)} s; the bank goes on calling`);
}

async function leaveRunning(cast: Cast, screen: Screen): Promise<void> {
  const { url, operatorToken } = await cast.ready();
  const pid = cast.leaveService();
  await wait(50);
  screen.line();
  screen.line(`The service runs on: ${screen.bold(url)}`);
  screen.line(`  operator token  ${operatorToken}`);
  screen.line(`  data folder     ${cast.dataDir}`);
  screen.line(`  look around     QUITTANCE_DATA_DIR=${cast.dataDir} npx quittance incidents list`);
  screen.line(`  stop it         kill ${pid ?? ''}`);
}
