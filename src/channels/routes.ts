import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import * as operations from './channel-operations';
import type { Channels } from './manage-channels';
import { showChannel, showChannelKey } from './show-channel';

/** Mounted at /admin/channels. */
export function createChannelRoutes({ channels }: { readonly channels: Channels }): Routes {
  const routes = createRoutes('Channels');
  routes.serve(operations.createChannel, async ({ body: { receiving_account: receivingAccount, ...body } }) =>
    showChannel(await channels.create({ ...body, receivingAccount })),
  );
  routes.serve(operations.listChannels, async ({ query }) => {
    const page = readPage(query);
    return listed(await channels.list(page.after, rowsToRead(page)), page, showChannel, (row) => row.channel.id);
  });
  routes.serve(operations.getChannel, async ({ params }) => showChannel(await channels.get(params.channel_id)));
  routes.serve(operations.disableChannel, async ({ params }) =>
    showChannel(await channels.setStatus(params.channel_id, 'disabled')),
  );
  routes.serve(operations.enableChannel, async ({ params }) =>
    showChannel(await channels.setStatus(params.channel_id, 'active')),
  );
  routes.serve(operations.addChannelKey, async ({ params, body }) =>
    showChannelKey(await channels.addKey(params.channel_id, body)),
  );
  routes.serve(operations.revokeChannelKey, ({ params }) => channels.revokeKey(params.channel_id, params.key_id));
  return routes;
}
