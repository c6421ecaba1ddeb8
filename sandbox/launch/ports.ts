import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** Below the range from which systems take the ports of outgoing connections: one of ours could have taken it before the server listens. */
const FIRST = 20_000;
const LAST = 32_000;

/** A free TCP port on the loopback address; `preferred` when nobody listens there. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isPortFree(preferred))) return preferred;
  for (let tries = 0; tries < 50; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isPortFree(port)) return port;
  }
  return listenOnce(0);
}

/** As many different free ports as names, each the preferred one where it is free. */
export async function freePorts<Name extends string>(
  names: readonly Name[],
  preferred: Partial<Record<Name, number>> = {},
): Promise<Record<Name, number>> {
  const taken = new Map<Name, number>();
  for (const name of names) {
    let port = await freePort(preferred[name]);
    while ([...taken.values()].includes(port)) port = await freePort();
    taken.set(name, port);
  }
  return Object.fromEntries(taken) as Record<Name, number>;
}

export async function isPortFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      const got = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(got));
    });
  });
}
