import { Socket } from 'node:net';

/** Every socket's `destroy` as Node made it: this module is imported before a library that replaces it. */
export const destroySocket = Socket.prototype.destroy;
