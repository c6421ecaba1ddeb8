import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { ApiError, failureOf, parse, readAll, type Address } from './connection.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Opens a WebSocket by hand: the client library's own tells neither why a server refused (its `Status` is dropped)
 * nor whose request it was (no User-Agent of ours). The query is part of the path. Throws ApiError like any other request.
 */
export function openWebSocket({ base, request: r, tls }: Address, protocol: string): Promise<Duplex> {
  const key = randomBytes(16).toString('base64');
  const headers: http.OutgoingHttpHeaders = {
    ...(tls.headers as http.OutgoingHttpHeaders), 'User-Agent': r.userAgent, Connection: 'Upgrade', Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Protocol': protocol,
  };
  const { request } = base.protocol === 'http:' ? http : https;
  const timeoutMs = r.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const path = base.pathname.replace(/\/$/, '') + r.path;
    const req = request({ ...tls, headers, path, method: 'GET', host: base.hostname, port: base.port || undefined });
    let isSent = false;
    const deadline = setTimeout(() => req.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })), timeoutMs);
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(deadline);
      reject(new ApiError({ kind: 'transport', isSent, code: error.code ?? 'EUNKNOWN', message: error.message }, error));
    };
    req.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => (isSent = true));
      else isSent = true;
    });
    req.on('error', fail);
    req.on('response', (response) => {
      readAll(response).then((text) => {
        clearTimeout(deadline);
        reject(new ApiError(refusalOf(response, text)));
      }, fail);
    });
    req.on('upgrade', (response, socket, head) => {
      clearTimeout(deadline);
      if (response.headers['sec-websocket-accept'] !== acceptOf(key) || response.headers['sec-websocket-protocol'] !== protocol) {
        socket.destroy();
        return fail(Object.assign(new Error('the other side does not speak WebSocket as asked'), { code: 'EPROTO' }));
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    req.end();
  });
}

export const acceptOf = (key: string): string => createHash('sha1').update(key + GUID).digest('base64');

/** A kubelet's refusal is passed through as plain text, the API server's own is a `Status`. */
function refusalOf(response: http.IncomingMessage, text: string) {
  const body = parse(text) ?? { message: text.trim().slice(0, 300) || undefined };
  return failureOf(response.statusCode ?? 0, body, response.headers['retry-after']);
}
