import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server as HttpsServer, ServerOptions } from 'node:https';
import type { Config } from '../config/schema.js';
import { KubernautError } from '../domain/errors.js';

type Tls = NonNullable<Config['gateway']['tls']>;

/** TLS 1.3, with client certificates when a CA is given. Throws ConfigInvalid naming the file that cannot be read. */
export function tlsOptions(tls: Tls): ServerOptions {
  const isMutual = tls.clientCaFile !== undefined;
  return { ...context(tls), minVersion: 'TLSv1.3', requestCert: isMutual, rejectUnauthorized: isMutual };
}

function context(tls: Tls) {
  const read = (path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new KubernautError('ConfigInvalid', `gateway.tls: ${path} cannot be read; check the path and its permissions`, error);
    }
  };
  return { cert: read(tls.certFile), key: read(tls.keyFile), ...(tls.clientCaFile ? { ca: read(tls.clientCaFile) } : {}) };
}

/** Renewed certificates are taken over without a restart; half-written files leave the old one in place. Returns how to stop. */
export function followCertificate(server: HttpsServer, tls: Tls, onError: (error: unknown) => void, intervalMs = 2000): () => void {
  const reload = () => {
    try {
      server.setSecureContext({ ...context(tls), minVersion: 'TLSv1.3' });
    } catch (error) {
      onError(error);
    }
  };
  const files = [tls.certFile, tls.keyFile];
  files.forEach((f) => watchFile(f, { interval: intervalMs, persistent: false }, reload));
  return () => files.forEach((f) => unwatchFile(f, reload));
}
