import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../../../src/cli';
import { INCIDENT_KINDS } from '../../../src/incidents/incident';
import { INCIDENT_TRAITS } from '../../../src/incidents/incident-traits';

/** Every kind is explained, and whatever a page tells somebody to type at three in the morning can be typed. */
const PAGES = readFileSync(join(__dirname, '../../../docs/incidents.md'), 'utf8');
const SECTIONS = new Map(
  PAGES.split(/^## /m)
    .slice(1)
    .map((text) => [text.split('\n', 1)[0], text] as const),
);

it('has one section for every kind, and for nothing else', () => {
  expect([...SECTIONS.keys()].toSorted()).toEqual([...INCIDENT_KINDS].toSorted());
  expect(PAGES.match(/^## /gm)).toHaveLength(INCIDENT_KINDS.length);
});

it.each(INCIDENT_KINDS)('says of %s what happened, what is at stake and what to do', (kind) => {
  const parts = ['**What happened.** ', '**What is at stake.** ', '**What to do.** '];
  const places = parts.map((part) => SECTIONS.get(kind)!.indexOf(part));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

it('names only commands that the command line has', () => {
  const commands = commandsOf(PAGES);
  expect(commands.length).toBeGreaterThan(30);
  expect(commands.flatMap(faultOf)).toEqual([]);
});

it('offers only actions that the command line has', () => {
  const commands = Object.values(INCIDENT_TRAITS).flatMap(({ actions }) => actions.map(({ command }) => command));
  expect(commands.flatMap(faultOf)).toEqual([]);
});

it.each([
  'quittance incidents solve <incident>',
  'quittance nothing',
  'quittance audit now',
  'quittance incidents show',
  'quittance incidents list --colour red',
])('would notice %s', (command) => {
  expect(faultOf(command)).toHaveLength(1);
});

function commandsOf(markdown: string): readonly string[] {
  const blocks = [...markdown.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n'));
  const inline = [...markdown.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`]*)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline]
    .map((text) => text.replaceAll(/\s+/g, ' '))
    .filter((text) => text.startsWith('quittance '));
}

/** What is wrong with a command as it is written: an unknown verb or option, arguments too many or too few. */
function faultOf(command: string): readonly string[] {
  const words = command.match(/"[^"]*"|<[^>]*>|\S+/g)!.slice(1);
  let verb: Command = createProgram();
  while (words.length > 0) {
    const next: Command | undefined = verb.commands.find((one) => one.name() === words[0]);
    if (next === undefined) break;
    verb = next;
    words.shift();
  }
  if (verb.commands.length > 0) return [`${command}: there is no such verb`];
  let given = 0;
  while (words.length > 0) {
    const word = words.shift()!;
    if (!word.startsWith('--')) {
      given += 1;
      continue;
    }
    const option = verb.options.find((one) => one.long === word);
    if (option === undefined) return [`${command}: there is no option ${word}`];
    if (option.required || option.optional) words.shift();
  }
  const most = verb.registeredArguments.some((one) => one.variadic) ? Infinity : verb.registeredArguments.length;
  const least = verb.registeredArguments.filter((one) => one.required).length;
  return given < least || given > most ? [`${command}: ${given} arguments`] : [];
}
