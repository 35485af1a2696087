import { Router } from 'express';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { parse } from '../http/parse';
import { channelKeyPath, channelPath, createChannelBody, createKeyBody, listQuery } from './channel-schemas';
import type { Channels } from './manage-channels';
import { showChannel, showChannelKey } from './show-channel';

/** Mounted at /admin/channels. */
export function createChannelRoutes({ channels }: { readonly channels: Channels }): Router {
  const router = Router();
  router.post('/', async (req, res) => {
    const { receiving_account: receivingAccount, ...body } = parse(createChannelBody, req.body, 'body');
    res.status(201).json(showChannel(await channels.create({ ...body, receivingAccount })));
  });
  router.get('/', async (req, res) => {
    const page = readPage(parse(listQuery, req.query, 'query'));
    const rows = await channels.list(page.after, rowsToRead(page));
    res.json(listed(rows, page, showChannel, (row) => row.channel.id));
  });
  router.get('/:channel_id', async (req, res) => {
    const { channel_id: id } = parse(channelPath, req.params, 'path');
    res.json(showChannel(await channels.get(id)));
  });
  router.post('/:channel_id/disable', async (req, res) => {
    const { channel_id: id } = parse(channelPath, req.params, 'path');
    res.json(showChannel(await channels.setStatus(id, 'disabled')));
  });
  router.post('/:channel_id/enable', async (req, res) => {
    const { channel_id: id } = parse(channelPath, req.params, 'path');
    res.json(showChannel(await channels.setStatus(id, 'active')));
  });
  router.post('/:channel_id/keys', async (req, res) => {
    const { channel_id: id } = parse(channelPath, req.params, 'path');
    res.status(201).json(showChannelKey(await channels.addKey(id, parse(createKeyBody, req.body, 'body'))));
  });
  router.delete('/:channel_id/keys/:key_id', async (req, res) => {
    const { channel_id: id, key_id: keyId } = parse(channelKeyPath, req.params, 'path');
    await channels.revokeKey(id, keyId);
    res.status(204).end();
  });
  return router;
}
