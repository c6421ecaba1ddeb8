import { readFileSync } from 'node:fs';
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { KubernautError } from '../../domain/errors.js';
import { encryptionOf } from './encryption.js';
import { keepingStarted } from './started.js';

export interface TemporalSettings {
  /** host:port */
  address: string;
  namespace: string;
  apiKey?: string;
  /** `<id>:<32 bytes in base64>`: the first encrypts, all decrypt. */
  encryptionKeys?: readonly string[];
  tls?: { enabled?: boolean; clientCertPath?: string; clientKeyPath?: string; serverCaCertPath?: string; serverName?: string };
}

export interface TemporalConnection {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  close(): Promise<void>;
}

/**
 * A client that connects at its first use and again after every outage, so that the gateway starts while Temporal is down.
 * The defaults of gRPC are replaced: reconnecting every 2 s instead of up to every 2 min, three tries instead of ten.
 */
export function connectTemporal(settings: TemporalSettings): TemporalConnection {
  const connection = Connection.lazy({
    address: settings.address,
    tls: tlsOf(settings),
    ...(settings.apiKey ? { apiKey: settings.apiKey } : {}),
    connectTimeout: '3s',
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2000 },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  });
  const client = new Client({ connection: keepingStarted(connection), namespace: settings.namespace, dataConverter: dataConverterOf(settings) });
  return { client, connection, namespace: settings.namespace, close: () => connection.close() };
}

/** For clients and workers alike. Messages of failures stay readable: they are redacted, and converted inside the bundle. */
export function dataConverterOf({ encryptionKeys = [] }: Pick<TemporalSettings, 'encryptionKeys'>): DataConverter | undefined {
  const codec = encryptionOf(encryptionKeys);
  return codec && { payloadCodecs: [codec] };
}

/** TLS as both clients and workers take it; also for `NativeConnection`. Throws ConfigInvalid naming the file that cannot be read. */
export function tlsOf({ apiKey, tls = {} }: Pick<TemporalSettings, 'apiKey' | 'tls'>) {
  const { serverCaCertPath, serverName } = tls;
  const pair = clientPair(tls);
  const isNamed = pair !== undefined || serverCaCertPath !== undefined || serverName !== undefined;
  if (!(tls.enabled ?? (isNamed || apiKey !== undefined))) return false;
  return {
    ...(serverName ? { serverNameOverride: serverName } : {}),
    ...(serverCaCertPath ? { serverRootCACertificate: pem(serverCaCertPath) } : {}),
    ...(pair ? { clientCertPair: { crt: pem(pair.crt), key: pem(pair.key) } } : {}),
  };
}

function clientPair({ clientCertPath: crt, clientKeyPath: key }: NonNullable<TemporalSettings['tls']>): { crt: string; key: string } | undefined {
  if (crt !== undefined && key !== undefined) return { crt, key };
  if (crt === undefined && key === undefined) return undefined;
  throw new KubernautError('ConfigInvalid', 'temporal.tls.clientCertPath and temporal.tls.clientKeyPath belong together; set both');
}

function pem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new KubernautError('ConfigInvalid', `temporal.tls: ${path} cannot be read; check the path and its permissions`, error);
  }
}
