import { X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server as HttpsServer, ServerOptions } from 'node:https';
import type { Config } from '../config/schema.js';
import { KubernautError } from '../domain/errors.js';

type Tls = NonNullable<Config['gateway']['tls']>;

/** TLS 1.3, with client certificates when a CA is given. Throws ConfigInvalid naming the file that cannot be used. */
export function tlsOptions(tls: Tls): ServerOptions {
  const isMutual = tls.clientCaFile !== undefined;
  return { ...context(tls), minVersion: 'TLSv1.3', requestCert: isMutual, rejectUnauthorized: isMutual };
}

const context = (tls: Tls) => ({ cert: read(tls.certFile), key: read(tls.keyFile), ...(tls.clientCaFile ? { ca: certificatesIn(tls.clientCaFile) } : {}) });

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new KubernautError('ConfigInvalid', `gateway.tls: ${path} cannot be read; check the path and its permissions`, error);
  }
}

/** Each of a bundle. OpenSSL takes a file without any for "trust nobody", and one that is cut off for what it still says. */
function certificatesIn(path: string): string[] {
  const text = read(path).toString('latin1');
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (found.length === 0 || found.length !== text.split('-----BEGIN CERTIFICATE-----').length - 1) throw new Error('it is empty or cut off');
    found.forEach((pem) => new X509Certificate(pem));
    return found;
  } catch (error) {
    throw new KubernautError('ConfigInvalid', `gateway.tls.clientCaFile: ${path} is no bundle of certificates in PEM`, error);
  }
}

/**
 * Renewed certificates, of ours and of those who sign clients, are taken over without a restart; half-written files leave the
 * old ones in place. Connections that are open stay. Returns how to stop.
 */
export function followCertificate(server: HttpsServer, tls: Tls, onError: (error: unknown) => void, intervalMs = 2000): () => void {
  const reload = () => {
    try {
      server.setSecureContext({ ...context(tls), minVersion: 'TLSv1.3' });
    } catch (error) {
      onError(error);
    }
  };
  const files = [tls.certFile, tls.keyFile, ...(tls.clientCaFile ? [tls.clientCaFile] : [])];
  files.forEach((f) => watchFile(f, { interval: intervalMs, persistent: false }, reload));
  return () => files.forEach((f) => unwatchFile(f, reload));
}
