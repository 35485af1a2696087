import { answer } from './answer';
import type { Goal } from './goal';
import { memory } from './memory';
import { overload } from './overload';
import { processes } from './processes';
import { scale } from './scale';
import { settled } from './settled';
import { sickEndpoints } from './sick-endpoints';
import { start } from './start';

/** Every goal, in the order in which `all` measures them. A new one is a file beside this one and a line here. */
export const GOALS: readonly Goal[] = [settled, answer, overload, sickEndpoints, memory, processes, start, scale];
