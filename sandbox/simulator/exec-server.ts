import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { runCommand, type CommandResult, type SimulatedFile } from './container-commands.js';
import type { Pod } from './kube-types.js';
import type { PodMemory } from './memory.js';
import type { World } from './world.js';

export interface ExecServerDeps {
  world(): World | undefined;
  memoryOf(uid: string): PodMemory | undefined;
  isNodeAlive(name: string): boolean;
  touch(namespace: string, name: string): void;
}

const protocol = 'v4.channel.k8s.io';
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const channels = { stdout: 1, stderr: 2, status: 3 } as const;

function refuse(socket: Duplex, status: string, text: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${String(Buffer.byteLength(text))}\r\nConnection: close\r\n\r\n${text}`);
}

/** One binary frame of a server: first byte of the payload is the channel. */
function frameOf(channel: number, text: string): Buffer {
  const body = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
  const size = body.length < 126 ? Buffer.from([body.length]) : Buffer.from([126, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([0x82]), size, body]);
}

const closeFrame = Buffer.from([0x88, 2, 0x03, 0xe8]);

const statusOf = ({ exitCode }: CommandResult): object =>
  exitCode === 0
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {}, status: 'Failure', reason: 'NonZeroExitCode', message: `command terminated with non-zero exit code: command terminated with exit code ${String(exitCode)}`,
        details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
      };

const notStarted = (name: string): object => ({
  metadata: {}, status: 'Failure', reason: 'InternalError', code: 500,
  message: `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "${name}": executable file not found in $PATH: unknown`,
});

function accept(request: IncomingMessage, socket: Duplex): void {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key'] ?? ''}${guid}`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
  // tells the client that the streams are open
  socket.write(frameOf(channels.stdout, ''));
}

function answer(socket: Duplex, result: CommandResult): void {
  if (result.stdout) socket.write(frameOf(channels.stdout, result.stdout));
  if (result.stderr) socket.write(frameOf(channels.stderr, result.stderr));
  socket.write(frameOf(channels.status, JSON.stringify(statusOf(result))));
  socket.end(closeFrame);
}

interface Asked {
  what: string;
  namespace: string;
  podName: string;
  container: string;
  argv: string[];
}

function askedOf(request: IncomingMessage): Asked {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const [, what = '', namespace = '', podName = '', container = ''] = url.pathname.split('/');
  return { what, namespace, podName, container, argv: url.searchParams.getAll('command') };
}

const offers = (request: IncomingMessage): string[] => (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());

/**
 * The kubelet's `/exec/{namespace}/{pod}/{container}?command=…` as the API server hands it through to a WebSocket client of
 * protocol v4. The files that commands write stay with the pod, over restarts of its containers.
 */
export function execServerOf(deps: ExecServerDeps): (request: IncomingMessage, socket: Duplex) => void {
  const filesOfPods = new Map<string, Map<string, SimulatedFile>>();
  const filesOf = (pod: Pod): Map<string, SimulatedFile> => {
    let files = filesOfPods.get(pod.metadata.uid);
    if (!files) filesOfPods.set(pod.metadata.uid, (files = new Map()));
    return files;
  };

  function run(pod: Pod, { container: name, argv }: Asked, socket: Duplex): void {
    const world = deps.world();
    const container = pod.spec.containers.find((one) => one.name === name);
    const life = deps.memoryOf(pod.metadata.uid)?.containers[name]?.run;
    if (!world || !container || !life) return void socket.end(closeFrame);
    const now = Date.now();
    const image = world.images.entryOf(container.image, pod.metadata.namespace ?? 'default');
    const result = runCommand(argv, { container, image, files: filesOf(pod), now });
    if (!result) {
      socket.write(frameOf(channels.status, JSON.stringify(notStarted(argv[0] ?? ''))));
      return void socket.end(closeFrame);
    }
    setTimeout(() => {
      const current = deps.memoryOf(pod.metadata.uid)?.containers[name]?.run;
      if (result.killsAtMs !== undefined && current) {
        current.killedAtMs = result.killsAtMs;
        deps.touch(pod.metadata.namespace ?? 'default', pod.metadata.name);
      }
      answer(socket, result);
    }, Math.max(0, (result.endsMs ?? now) - now)).unref();
  }

  const isOnDeadNode = (pod: Pod | undefined): boolean => pod !== undefined && !deps.isNodeAlive(pod.spec.nodeName ?? '');

  /** Why there is nothing to run it in, as a kubelet answers. */
  function problemOf({ what, podName, container }: Asked, pod: Pod | undefined): string | undefined {
    if (what !== 'exec') return 'not found';
    if (!pod) return `pod "${podName}" does not exist`;
    return deps.memoryOf(pod.metadata.uid)?.containers[container]?.run ? undefined : `container not found ("${container}")`;
  }

  return (request, socket) => {
    socket.on('error', () => socket.destroy());
    const asked = askedOf(request);
    const pod = deps.world()?.get('Pod', asked.namespace, asked.podName);
    // what a connection to a dead kubelet looks like from the API server
    if (isOnDeadNode(pod)) return void socket.destroy();
    const problem = problemOf(asked, pod);
    if (!pod || problem) return refuse(socket, '404 Not Found', `${problem ?? ''}\n`);
    if (!offers(request).includes(protocol)) return refuse(socket, '403 Forbidden', `only ${protocol} is spoken here\n`);
    accept(request, socket);
    socket.resume();
    run(pod, asked, socket);
  };
}
