const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * RFC 3339 in UTC with milliseconds; undefined when it is no time of the years 1 to 9999. Beyond these (an offset or a long
 * duration leads there) JavaScript writes years in a way that PostgreSQL refuses for ever, or throws.
 */
export const instantFrom = (ms: number): string | undefined => (ms >= EARLIEST_MS && ms <= LATEST_MS ? new Date(ms).toISOString() : undefined);
