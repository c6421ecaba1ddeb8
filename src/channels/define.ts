import type { Static, TObject } from '@sinclair/typebox';
import type { Notification } from '../contracts/notification.js';
import type { KubernautError } from '../domain/errors.js';

export interface Delivery {
  /** The provider's id of the message; given back as `previous` so that an update edits it instead of posting again. */
  providerId: string;
}

export interface Channel {
  /** Sends once, no retry of its own: Temporal retries. `previous` = what an earlier kind of this remediation got from this channel. */
  deliver(notification: Notification, previous?: Delivery): Promise<Delivery>;
}

export interface ChannelDefinition<Id extends string = string, C extends TObject = TObject> {
  id: Id;
  summary: string;
  /** Closed schema; secrets are marked `format: "secret"` and never appear in errors. */
  config: C;
  /** Vendor SDKs are loaded here by `await import()`. */
  connect(config: Static<C>): Promise<Channel>;
  /** Any error of `deliver` → ChannelUnavailable (retry, with retryAfterMs when told) or ChannelRejected. */
  classify(error: unknown): KubernautError;
}

export const defineChannel = <const Id extends string, C extends TObject>(definition: ChannelDefinition<Id, C>): ChannelDefinition<Id, C> => definition;
