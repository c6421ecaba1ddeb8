import { Watch, type KubeConfig } from '@kubernetes/client-node';

/** The server ends a watch after this; bookmarks keep its position fresh, so going on costs no list. */
const WATCH_SECONDS = 290;
/** A watch that outlives the server's own end by this much hangs on a dead connection. */
const GRACE_SECONDS = 30;
const CONNECT_TIMEOUT_MS = 20_000;

export interface WatchHooks {
  userAgent: string;
  onOpening(): void;
  /** The server accepted the watch. */
  onOpen(): void;
  /** Every object, before anybody keeps it. */
  onObject(o: unknown): void;
}

/** client-node's Watch with what it leaves out: a User-Agent, a connect timeout, bookmarks, a deadline, and a stop that also stops a watch being opened. */
export function watchStream(config: KubeConfig, hooks: WatchHooks): { watch: Watch; close(): void } {
  const inner = new Watch(withRequestOptions(config, hooks.userAgent));
  const open = new Set<AbortController>();
  let isClosed = false;

  const outer: Pick<Watch, 'watch'> = {
    async watch(path, query, onEvent, done) {
      if (isClosed) return new AbortController();
      let hasEnded = false;
      let onEnd = () => {};
      hooks.onOpening();
      const controller = await inner.watch(
        path,
        { ...query, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS },
        (phase, object, raw) => {
          if (phase === 'ADDED' || phase === 'MODIFIED' || phase === 'DELETED') hooks.onObject(object);
          onEvent(phase, object, raw);
        },
        (error) => {
          hasEnded = true;
          onEnd();
          if (!isClosed) done(error);
        },
      );
      if (isClosed) controller.abort();
      if (hasEnded) return controller;
      hooks.onOpen();
      open.add(controller);
      const deadline = setTimeout(() => controller.abort(), (WATCH_SECONDS + GRACE_SECONDS) * 1000);
      onEnd = () => {
        clearTimeout(deadline);
        open.delete(controller);
      };
      return controller;
    },
  };

  return {
    watch: outer as Watch,
    close() {
      isClosed = true;
      for (const controller of open) controller.abort();
    },
  };
}

/** The same configuration with our User-Agent and a connect timeout on its requests. */
function withRequestOptions(config: KubeConfig, userAgent: string): KubeConfig {
  return Object.assign(Object.create(config) as KubeConfig, {
    applyToFetchOptions: (options: Parameters<KubeConfig['applyToFetchOptions']>[0]) =>
      config.applyToFetchOptions({ ...options, headers: { 'User-Agent': userAgent }, timeout: CONNECT_TIMEOUT_MS }),
  });
}
