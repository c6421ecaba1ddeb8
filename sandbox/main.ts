import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startControlPlane, type ControlPlane } from './launch/control-plane.js';
import { packageRoot } from './launch/package-root.js';
import { installPermissions, type Identities } from './launch/permissions.js';
import { startSimulator, type Simulator } from './simulator/simulator.js';
import { startAlertManager, type AlertManager } from './ticker/alertmanager.js';
import type { AlertSink } from './ticker/sinks.js';
import { startTicker, type Ticker } from './ticker/ticker.js';

export interface SandboxOptions {
  /** Holds everything of this sandbox; a second start on it finds the same cluster. */
  dataDir: string;
  /** The binary built from sandbox/control-plane. */
  binary: string;
  alertSink?: AlertSink;
  /** With it, alerts for a webhook sink go through a real AlertManager. */
  alertManagerBinary?: string;
  /** One line per step of the start. */
  onProgress?: (line: string) => void;
  /** Single writes and deliveries that failed and are tried again. */
  onError?: (error: unknown) => void;
}

export interface Sandbox {
  controlPlane: ControlPlane;
  /** Kubeconfigs of the product's service accounts: what it runs under, here as in a real cluster. */
  identities: Identities;
  simulator: Simulator;
  ticker: Ticker;
  /** Where alerts go from now on. Rejects when AlertManager cannot be started. */
  setSink(sink: AlertSink | undefined): Promise<void>;
  stop(): Promise<void>;
}

/** Steps are undone in reverse, also when the start itself fails half-way. */
interface Started {
  stop(): Promise<void>;
}

async function stopAll(started: Started[]): Promise<void> {
  for (const one of started.splice(0).reverse()) await one.stop();
}

function sinkSwitch(options: SandboxOptions, ticker: Ticker): { set(sink: AlertSink | undefined): Promise<void>; stop(): Promise<void> } {
  let alertManager: AlertManager | undefined;
  const stop = async (): Promise<void> => {
    await alertManager?.stop();
    alertManager = undefined;
  };
  return {
    stop,
    async set(sink) {
      await stop();
      const isForwarded = sink?.kind === 'webhook' && options.alertManagerBinary !== undefined;
      if (!isForwarded) return ticker.setSink(sink);
      alertManager = await startAlertManager({ binary: options.alertManagerBinary ?? '', dataDir: options.dataDir, webhookUrl: sink.url, token: sink.token });
      ticker.setSink({ kind: 'alertmanager', url: alertManager.url });
    },
  };
}

/**
 * A whole Kubernetes on this machine, without containers: control plane, simulated kubelets, alerts. Prints nothing.
 * Rejects with what could not be started; nothing is left running then.
 */
export async function runSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dataDir, binary, onProgress = () => undefined, onError } = options;
  mkdirSync(dataDir, { recursive: true });
  const started: Started[] = [];
  try {
    const controlPlane = await startControlPlane({ dataDir, binary, onProgress });
    started.push(controlPlane);
    const identities = await installPermissions(controlPlane, { namespaces: 'everywhere' });
    onProgress('roles and admission policies are in force');
    const kubeconfig = controlPlane.simulatorKubeconfig;
    const images = readFileSync(join(packageRoot(), 'sandbox', 'samples', 'images.yaml'), 'utf8');
    const [certFile, keyFile] = [join(controlPlane.pkiDir, 'server.crt'), join(controlPlane.pkiDir, 'server.key')];
    const simulator = await startSimulator({ kubeconfig, certFile, keyFile, images, onError });
    started.push(simulator);
    onProgress('nodes are ready, pods are looked after');
    const ticker = await startTicker({ kubeconfig, cache: simulator.cache, onError });
    started.push(ticker);
    const sink = sinkSwitch(options, ticker);
    started.push(sink);
    await sink.set(options.alertSink);
    onProgress(options.alertSink ? 'alerts are on' : 'alerts wait for a receiver');
    return { controlPlane, identities, simulator, ticker, setSink: (to) => sink.set(to), stop: () => stopAll(started) };
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}
