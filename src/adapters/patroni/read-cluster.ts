import { KubernautError } from '../../domain/errors.js';
import { redactText } from '../../domain/redact.js';
import type { Answer, PatroniHttp } from './http.js';

/** One member as `GET /cluster` shows it. */
export interface Member {
  name: string;
  role: string;
  state: string;
  timeline?: number;
  /** Bytes behind the leader; undefined where Patroni says `unknown`. */
  lagBytes?: number;
  isExcluded: boolean;
}

export interface ClusterView {
  members: Member[];
  leader?: Member;
  isPaused: boolean;
  hasScheduledSwitchover: boolean;
}

/** `GET /patroni` of one member. */
export interface MemberView {
  startedAt?: string;
  receivedLocation?: number;
  replayedLocation?: number;
  replayedAt?: string;
  isReplayPaused: boolean;
}

const LEADERS = ['leader', 'standby_leader', 'master', 'primary'];

export async function readCluster(http: PatroniHttp, host: string): Promise<ClusterView> {
  const body = await readJson(http, host, '/cluster');
  const members = listOf(body.members).flatMap(memberOf);
  return { members, leader: members.find((m) => LEADERS.includes(m.role)), isPaused: body.pause === true, hasScheduledSwitchover: body.scheduled_switchover !== undefined };
}

/** `lag` until version 4, which shows what was received and what was replayed apart: the larger one counts. */
function memberOf(value: unknown): Member[] {
  const m = recordOf(value);
  const name = textOf(m.name);
  if (name === undefined) return [];
  const lags = [m.lag, m.receive_lag, m.replay_lag].filter((l) => l !== undefined);
  const isKnown = lags.length > 0 && lags.every((l) => typeof l === 'number');
  return [
    {
      name,
      role: textOf(m.role) ?? '',
      state: textOf(m.state) ?? '',
      ...(typeof m.timeline === 'number' ? { timeline: m.timeline } : {}),
      ...(isKnown ? { lagBytes: Math.max(...(lags as number[])) } : {}),
      isExcluded: recordOf(m.tags).nofailover === true,
    },
  ];
}

export async function readMember(http: PatroniHttp, host: string): Promise<MemberView> {
  const body = await readJson(http, host, '/patroni');
  const xlog = recordOf(body.xlog);
  return {
    startedAt: textOf(body.postmaster_start_time),
    receivedLocation: numberOf(xlog.received_location),
    replayedLocation: numberOf(xlog.replayed_location),
    replayedAt: textOf(xlog.replayed_timestamp),
    isReplayPaused: xlog.paused === true,
  };
}

/** When the newest timeline began; undefined where the history does not tell. */
export async function lastSwitchAt(http: PatroniHttp, host: string): Promise<string | undefined> {
  const answer = await http(host, '/history');
  const last: unknown = listOf(parsed(answer)).at(-1);
  return Array.isArray(last) ? textOf(last[3]) : undefined;
}

async function readJson(http: PatroniHttp, host: string, path: string): Promise<Record<string, unknown>> {
  const answer = await http(host, path);
  const body = parsed(answer);
  // a member that is down answers 503 on some paths and describes itself nevertheless
  if (body === undefined || (answer.status !== 200 && answer.status !== 503)) throw refusalOf(answer, `GET ${path} at ${host}`);
  return recordOf(body);
}

function parsed({ text }: Answer): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What an answer other than success means. Its text is Patroni's or anybody's: shortened, without secrets and controls. */
export function refusalOf({ status, text }: Answer, what: string): KubernautError {
  const said = redactText(text.replace(/[^\x20-\x7e]+/g, ' ')).trim().slice(0, 200);
  const full = `${what} answered ${String(status)} (${said || 'nothing'})`;
  if (status === 401 || status === 403) return new KubernautError('Forbidden', `${full}; check databases.patroni.username and password`);
  if (status === 404 || status === 200) return new KubernautError('Unsupported', `${full}; is that Patroni, and is databases.patroni.port right?`);
  if (status === 429 || status >= 500) return new KubernautError('DatabaseUnavailable', `${full}; it is tried again`);
  return new KubernautError('PreconditionChanged', `${full}; look at it with patronictl list and plan again`);
}

const recordOf = (value: unknown): Record<string, unknown> => (value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {});
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value.length <= 253 ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
