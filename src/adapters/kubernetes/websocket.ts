import { randomBytes } from 'node:crypto';

/** RFC 6455, section 5: as much of it as one command without input needs. */
export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Message {
  opcode: number;
  payload: Buffer;
}

/** A frame of a server with its size. Servers never mask. */
interface Frame extends Message {
  isFinal: boolean;
  bytes: number;
}

/** Nobody may make us collect more than this for one message. */
const MAX_PAYLOAD = 4 * 1024 * 1024;

/** Takes bytes as they come and gives whole messages; pieces of one message are put together. Throws RangeError on a frame too big. */
export function messageReader(): (chunk: Buffer) => Message[] {
  let rest: Buffer = Buffer.alloc(0);
  let open: Message | undefined;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const messages: Message[] = [];
    for (let frame = frameIn(rest); frame; frame = frameIn(rest)) {
      rest = rest.subarray(frame.bytes);
      // control frames may stand between the pieces of a message
      if (frame.opcode >= OPCODE.close) {
        messages.push(frame);
        continue;
      }
      const payload: Buffer = open ? Buffer.concat([open.payload, frame.payload]) : frame.payload;
      if (payload.length > MAX_PAYLOAD) throw new RangeError('a message is longer than 4 MiB');
      const message = { opcode: open?.opcode ?? frame.opcode, payload };
      open = frame.isFinal ? undefined : message;
      if (frame.isFinal) messages.push(message);
    }
    return messages;
  };
}

/** The first frame of the buffer, when all of it is there. */
function frameIn(buffer: Buffer): Frame | undefined {
  const sized = lengthIn(buffer);
  if (!sized) return undefined;
  const { length, start } = sized;
  if (length > MAX_PAYLOAD) throw new RangeError('a frame is longer than 4 MiB');
  if (buffer.length < start + length) return undefined;
  return { opcode: buffer[0]! & 0x0f, isFinal: (buffer[0]! & 0x80) !== 0, payload: buffer.subarray(start, start + length), bytes: start + length };
}

function lengthIn(buffer: Buffer): { length: number; start: number } | undefined {
  if (buffer.length < 2) return undefined;
  const short = buffer[1]! & 0x7f;
  if (short < 126) return { length: short, start: 2 };
  const start = short === 126 ? 4 : 10;
  if (buffer.length < start) return undefined;
  return { length: short === 126 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2)), start };
}

/** A short frame of a client: those are always masked. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const body = payload.subarray(0, 125);
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length]), mask, body.map((byte, i) => byte ^ mask[i % 4]!)]);
}
