import type { Figure, Target, Unit } from './goals/goal';
import { type Machine, formatMachine } from './machine';
import type { GoalResult, Verdict } from './run-goals';

/** What a person reads of a goal: its summary, then every figure with its target. */
export function formatResult({ goal, rounds, figures, verdicts, summary }: GoalResult): string {
  const lines = Object.entries(goal.figures)
    .filter(([name, { target }]) => name in figures || target !== undefined)
    .map(([name, figure]) =>
      figureLine(figure, figures[name], verdicts.find((verdict) => verdict.figure === name)?.met),
    );
  const medians = rounds.length === 1 ? '' : `; medians of ${rounds.length} rounds`;
  return [...(summary === undefined ? [] : [summary.text]), `${goal.name}: ${goal.about}${medians}`, ...lines, ''].join(
    '\n',
  );
}

function figureLine({ says, unit, target }: Figure, measured: number | undefined, met: boolean | undefined): string {
  const verdict = target === undefined ? '' : `   target ${showTarget(target, unit)}: ${showMet(met)}`;
  return `  ${says.padEnd(74)} ${show(measured, unit).padStart(10)}${verdict}`;
}

/** A row per target; goals without one have none. */
export function markdownTable(results: readonly GoalResult[], machine: Machine): string {
  const rows = results.flatMap(({ goal, verdicts }) =>
    verdicts.map((verdict) => markdownRow(goal.name, verdict, goal.figures[verdict.figure]?.unit ?? 'ratio')),
  );
  const medians = [...new Set(results.map(({ rounds }) => rounds.length))].join(' or ');
  const rounds = medians === '1' ? 'One round.' : `Medians of ${medians} rounds.`;
  return `${[...aligned([['goal', 'what', 'target', 'measured', 'met'], ...rows]), '', `${formatMachine(machine)}. ${rounds}`].join('\n')}\n`;
}

function markdownRow(goal: string, { says, target, measured, met }: Verdict, unit: Unit): readonly string[] {
  return [goal, says, showTarget(target, unit), show(measured, unit), showMet(met)];
}

/** In columns, as the formatter of this repository leaves them. */
function aligned([head = [], ...rows]: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

export function showTarget({ is, value }: Target, unit: Unit): string {
  const sign = { 'at least': '≥', 'at most': '≤', below: '<' }[is];
  return `${sign} ${unit === 'ratio' ? String(value) : show(value, unit)}`;
}

function showMet(met: boolean | undefined): string {
  return met === undefined ? 'not measured' : met ? 'yes' : 'no';
}

function show(value: number | undefined, unit: Unit): string {
  if (value === undefined) return '';
  switch (unit) {
    case 'ratio':
      return value.toFixed(2);
    case 's':
      return `${Number(value.toFixed(2))} s`;
    case 'ms':
      return `${value.toFixed(1)} ms`;
    case 'MB':
      return `${Math.round(value)} MB`;
    case '/s':
      return `${Math.round(value)}/s`;
    case 'count':
      return String(Math.round(value));
  }
}
