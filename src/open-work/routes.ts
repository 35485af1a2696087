import type { Database } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { MessageId } from '../core/ids';
import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { workFilterOf } from '../http/work-fields';
import { searchMessages, viewMessage } from './messages-view-store';
import * as operations from './open-work-operations';
import type { MessageView } from './open-work-schemas';
import type { Retries } from './retry-work';
import { showMessage } from './show-message';

interface Dependencies {
  readonly db: Database<'orders'>;
  readonly retries: Retries;
}

/** Mounted at /admin/outbox. */
export function createOutboxRoutes({ db, retries }: Dependencies): Routes {
  const routes = createRoutes('Outbox messages');
  const read = async (id: MessageId): Promise<MessageView> => {
    const message = await viewMessage(db, id);
    if (message === undefined) throw new Problem('not_found', 'there is no such message');
    return showMessage(message);
  };
  routes.serve(operations.searchMessages, async ({ query }) => {
    const page = readPage(query);
    const search = { ...workFilterOf(query), status: query.status, after: page.after, limit: rowsToRead(page) };
    return listed(await searchMessages(db, search), page, showMessage, (row) => row.id);
  });
  routes.serve(operations.getMessage, ({ params }) => read(params.message_id));
  routes.serve(operations.retryMessage, async ({ params }) => {
    await retries.one('messages', params.message_id);
    return read(params.message_id);
  });
  return routes;
}

/** Mounted at /admin/work. */
export function createWorkRoutes({ retries }: Pick<Dependencies, 'retries'>): Routes {
  const routes = createRoutes('Work');
  routes.serve(operations.retryWork, ({ body }) =>
    retries.all({
      work: body.work,
      limit: body.limit,
      olderThanSeconds: body.older_than,
      minAttempts: body.min_attempts,
    }),
  );
  return routes;
}
