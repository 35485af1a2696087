import { join } from 'node:path';
import { GOALS } from './goals';
import type { Goal } from './goals/goal';
import { type Command, helpText, readCommand } from './command';
import { type Machine, machineOf } from './machine';
import { PROFILE_SETTINGS } from './profile';
import { writeReadme } from './readme';
import { type GoalResult, runGoals } from './run-goals';
import { setStage } from './stage';
import { formatResult, markdownTable, showTarget } from './table';

/** Room for the pools of several processes of the service. */
const SETTINGS = { max_connections: '500' };
const README = join(__dirname, '..', 'README.md');

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2), GOALS);
  switch (command.kind) {
    case 'help':
      process.stdout.write(helpText(GOALS));
      break;
    case 'list':
      process.stdout.write(`${GOALS.map(listLine).join('\n')}\n`);
      break;
    case 'measure':
      await measureGoals(command);
      break;
  }
}

async function measureGoals({ wanted, named, common }: Extract<Command, { kind: 'measure' }>): Promise<void> {
  const tell = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const profile = wanted.some(({ values }) => values['profile'] === true);
  const stage = await setStage({ ...SETTINGS, ...(profile ? PROFILE_SETTINGS : {}) });
  try {
    const machine = await machineOf(stage.url);
    const { results, failures } = await runGoals(stage, wanted, common.rounds, tell);
    for (const { goal, reason } of failures) tell(`no figure of ${goal.name}: ${reason}`);
    if (failures.length > 0) process.exitCode = 1;
    if (results.length > 0) process.stdout.write(output(results, machine, { ...common, named }));
    if (common['write-readme'] && failures.length === 0) writeReadme(README, markdownTable(results, machine));
  } finally {
    await stage.close();
  }
}

function output(
  results: readonly GoalResult[],
  machine: Machine,
  how: { readonly json: boolean; readonly markdown: boolean; readonly named: boolean },
): string {
  if (how.markdown) return markdownTable(results, machine);
  if (!how.json) return results.map(formatResult).join('\n');
  const goals = results.map(({ goal, rounds, figures, verdicts, summary }) => {
    // Without a name the summary of the one goal is the answer, as it was before there were others.
    const own = how.named && summary !== undefined ? { summary: summary.json } : {};
    return { goal: goal.name, figures, targets: verdicts, rounds, ...own };
  });
  const bare = how.named ? {} : results[0]?.summary?.json;
  return `${JSON.stringify({ ...bare, machine, goals }, null, 2)}\n`;
}

function listLine({ name, about, figures }: Goal): string {
  const targets = Object.values(figures).flatMap(({ says, unit, target }) =>
    target === undefined ? [] : [`${says} ${showTarget(target, unit)}`],
  );
  return `${name}: ${targets.length === 0 ? about : targets.join('; ')}`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
