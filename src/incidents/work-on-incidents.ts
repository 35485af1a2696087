import { type Database, inTransaction } from '../consistency/transaction';
import type { IncidentId } from '../core/ids';
import { findIncident } from './find-incidents-store';
import type { IncidentKind } from './incident';
import { type ChangeName, changeIncident, resolveMany } from './incident-work-store';
import type { IncidentRow } from './incidents-store';

/** How a change of an incident ended. */
export type Changed =
  | { readonly kind: 'done'; readonly incident: IncidentRow }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'not_open' }
  | { readonly kind: 'not_resolved' }
  /** Somebody has it, and the operator did not say that this is known. */
  | { readonly kind: 'assigned'; readonly assignee: string }
  /** Something happened to it after the version that the operator has read. */
  | { readonly kind: 'changed'; readonly version: number };

/** An operator's step on an incident. With a version, only on the incident as it was then. */
export interface Step {
  readonly id: IncidentId;
  readonly operator: string;
  readonly version?: number | undefined;
}

export interface IncidentWork {
  /** Gives an open incident to somebody. One that another has needs the version, which shows who has it. */
  assign(step: Step & { readonly assignee: string }): Promise<Changed>;
  unassign(step: Step): Promise<Changed>;
  note(step: Step & { readonly note: string }): Promise<Changed>;
  /** Ends an open incident. Reported again with the same facts it stays so; with others it opens again. */
  resolve(step: Step & { readonly note: string }): Promise<Changed>;
  reopen(step: Step & { readonly note: string }): Promise<Changed>;
  /** Resolves at most `limit` open incidents of a kind that were last seen before a time; returns how many. */
  resolveMany(many: {
    readonly kind: IncidentKind;
    readonly before: string;
    readonly operator: string;
    readonly note: string;
    readonly limit: number;
  }): Promise<number>;
}

export function createIncidentWork({ db }: { readonly db: Database<'orders'> }): IncidentWork {
  const change = (name: ChangeName, step: Step, text: string | null): Promise<Changed> =>
    inTransaction(db, 'incidents.change', async (tx) => {
      const incident = await changeIncident(tx, name, { ...step, version: step.version }, text);
      if (incident !== undefined) return { kind: 'done', incident };
      return whyNot(name, step, text, await findIncident(tx, step.id));
    });
  return {
    assign: (step) => change('assign', step, step.assignee),
    unassign: (step) => change('unassign', step, null),
    note: (step) => change('note', step, step.note),
    resolve: (step) => change('resolve', step, step.note),
    reopen: (step) => change('reopen', step, step.note),
    resolveMany: (many) => inTransaction(db, 'incidents.resolve_many', (tx) => resolveMany(tx, many)),
  };
}

/** Who asks for what is already so has what was asked for; everybody else hears what was in the way. */
function whyNot(name: ChangeName, { version }: Step, text: string | null, standing: IncidentRow | undefined): Changed {
  if (standing === undefined) return { kind: 'not_found' };
  if (name === 'reopen' && standing.status === 'open') return { kind: 'not_resolved' };
  if (name !== 'reopen' && name !== 'note' && standing.status !== 'open') return { kind: 'not_open' };
  if (version !== undefined && version !== standing.version) return { kind: 'changed', version: standing.version };
  if (name === 'unassign' && standing.assignee === null) return { kind: 'done', incident: standing };
  if (name === 'assign' && standing.assignee === text) return { kind: 'done', incident: standing };
  if (name === 'assign' && standing.assignee !== null) return { kind: 'assigned', assignee: standing.assignee };
  return { kind: 'changed', version: standing.version };
}
