import { parseArgs } from 'node:util';
import { oneOf } from '../test/support/option-values';
import { MUTANTS } from './mutants/mutants';

export interface ControlOptions {
  /** The mutants that are tried. */
  readonly names: readonly string[];
  readonly list: boolean;
  readonly json: boolean;
}

export const HELP = `npm run control -- [options]
  --only <name>   break this protection alone; may be given several times
  --list          print what there is to break
  --json          print one JSON object
Exits with 0 where every broken protection was noticed, 1 where one was not, 2 where an option is wrong, 3 where a detector
fails on the unbroken source or for another reason and so says nothing.
`;

/** @throws Error whose one line tells a person what is wrong */
export function readOptions(args: readonly string[]): ControlOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const all = MUTANTS.map(({ name }) => name);
  const names = values.only?.map((name) => oneOf('only', name, all)) ?? all;
  return { names, list: values.list, json: values.json };
}
