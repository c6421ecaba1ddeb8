import { Type } from '@sinclair/typebox';
import type { ObjectRef } from '../domain/kube.js';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/** RFC 1123 subdomain, as the API server checks most names. No wildcard, list, selector, homoglyph or control character can match it. */
export const Name = Type.String({ pattern: `^${LABEL}(\\.${LABEL})*$`, minLength: 1, maxLength: 253 });
/** RFC 1123 label. */
export const Namespace = Type.String({ pattern: `^${LABEL}$`, minLength: 1, maxLength: 63 });
export const ContainerName = Type.String({ pattern: `^${LABEL}$`, minLength: 1, maxLength: 63 });

/** What most actions need to name their object. */
export const Locator = { namespace: Namespace, name: Name };

/** A replica count. Zero would be an outage by command: it is not in the catalogue. */
export const Replicas = Type.Integer({ minimum: 1, maximum: 1000 });

/** `512Mi`, `2Gi`: a unit is due; milli-bytes and bare numbers are refused (actions.md 2.2). */
export const Memory = Type.String({ pattern: '^[1-9][0-9]{0,6}(Ki|Mi|Gi|Ti|k|M|G|T)$' });
/** `250m` or whole cores up to 128. */
export const Cpu = Type.String({ pattern: '^([1-9][0-9]{0,5}m|[1-9][0-9]?|1[01][0-9]|12[0-8])$' });
/** `90s`, `30m`, `2h`: one number, one unit, above zero. Its cap is the action's. */
export const Duration = Type.String({ pattern: '^[1-9][0-9]{0,4}(s|m|h)$' });
/** The size of a disk: whole Mi, Gi or Ti. No percentage, no bare number, no milli-bytes. */
export const DiskSize = Type.String({ pattern: '^[1-9][0-9]{0,5}(Mi|Gi|Ti)$', description: 'absolute, like 15Gi' });

/** API version by kind: what a `Kind/name` of an action may be. */
export type KindTable = Readonly<Record<string, string>>;

/** An object as `Kind/name`, of one of these kinds alone. */
export const KindAndName = (kinds: KindTable, example: string) =>
  Type.String({ pattern: `^(${Object.keys(kinds).join('|')})/${LABEL}(\\.${LABEL})*$`, maxLength: 253, description: `Kind/name, like ${example}` });

export function refOfKindAndName(kinds: KindTable, text: string, namespace: string): ObjectRef {
  const [kind = '', name = ''] = text.split('/');
  return { apiVersion: kinds[kind] ?? 'v1', kind, namespace, name };
}
