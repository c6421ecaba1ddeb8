import { Type } from '@sinclair/typebox';

/** RFC 1123 label or subdomain, as the API server checks names. No wildcard, list or selector can match it. */
const NAME = '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$';

export const Name = Type.String({ pattern: NAME, minLength: 1, maxLength: 253 });
export const Namespace = Type.String({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', minLength: 1, maxLength: 63 });

/** What most actions need to name their object. */
export const Locator = { namespace: Namespace, name: Name };

/** `512Mi`, `2Gi`: a unit is due; milli-bytes and bare numbers are refused (actions.md 2.2). */
export const Memory = Type.String({ pattern: '^[1-9][0-9]{0,6}(Ki|Mi|Gi|Ti|k|M|G|T)$' });
/** `250m` or whole cores up to 128. */
export const Cpu = Type.String({ pattern: '^([1-9][0-9]{0,5}m|[1-9][0-9]?|1[01][0-9]|12[0-8])$' });
