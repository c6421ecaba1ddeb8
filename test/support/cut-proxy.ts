import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CutProxy {
  port: number;
  /** `refuse` breaks connections and refuses new ones; `silent` keeps them open and passes nothing on, as a broken network does. */
  set(mode: 'pass' | 'refuse' | 'silent'): void;
  close(): Promise<void>;
}

/** A TCP proxy on loopback whose line can be cut. */
export async function cutProxy(target: { host: string; port: number }): Promise<CutProxy> {
  let mode: 'pass' | 'refuse' | 'silent' = 'pass';
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    // A broken line is what it is for.
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (mode === 'refuse') return void near.destroy();
    const far = connect(target);
    keep(far);
    near.on('data', (data) => mode === 'pass' && far.write(data)).on('close', () => far.destroy());
    far.on('data', (data) => mode === 'pass' && near.write(data)).on('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      mode = next;
      if (next === 'refuse') breakAll();
    },
    async close() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
