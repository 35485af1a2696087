// The order of these imports matters: `destroySocket` is what it was before the SDK came.
import { Socket } from 'node:net';
import { destroySocket } from './socket-destroy';
import { AlipaySdk } from 'alipay-sdk';

/**
 * The SDK brings urllib, which replaces `destroy` of every socket in the process by one that throws when several are
 * destroyed with one error. The notifier's client does that when it is closed, so in a test it would never stop.
 */
Socket.prototype.destroy = destroySocket;

export { AlipaySdk };
