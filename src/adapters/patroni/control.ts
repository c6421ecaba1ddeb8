import type { PatroniRequest } from '../../domain/change.js';
import { KubernautError } from '../../domain/errors.js';
import type { ApplyOptions, ChangeOutcome, DatabaseControl, PatroniCall } from '../../domain/ports.js';
import { patroniHttp, type PatroniHttp, type PatroniOptions } from './http.js';
import { problemOfCandidate, problemOfCluster, timeOf } from './problems.js';
import { lastSwitchAt, readCluster, readMember, refusalOf, type ClusterView } from './read-cluster.js';

type Switchover = Extract<PatroniRequest, { kind: 'switchover' }>;
type Reinitialize = Extract<PatroniRequest, { kind: 'reinitialize' }>;
type Status = ChangeOutcome['status'];

interface Place {
  http: PatroniHttp;
  call: PatroniCall;
  now: () => number;
}

/**
 * Patroni's REST API, for what Kubernetes has no object for. Every call looks first, so that a repeat after a lost answer
 * finds what the first one did; the compare-and-set of a switchover is Patroni's own (`leader`, answered with 412).
 */
export function patroniControl(options: PatroniOptions & { now?: () => number }): DatabaseControl {
  const http = patroniHttp(options);
  const now = options.now ?? Date.now;
  return {
    call: (call) => (call.request.kind === 'switchover' ? switchOver({ http, call, now }, call.request) : reinitialize({ http, call, now }, call.request)),
  };
}

async function switchOver(place: Place, request: Switchover): Promise<Status> {
  const { http, call } = place;
  const { leader, candidate } = request;
  const what = `switchover from ${leader} to ${candidate}`;
  const host = await call.addressOf(candidate);
  const view = await readCluster(http, host);
  if (view.leader?.name === candidate) return 'already_applied';
  if (view.leader?.name !== leader) throw moved(call.options, `${view.leader?.name ?? 'nobody'} leads the cluster, not ${leader}`);
  const problem = await problemOf(place, host, view, request);
  if (problem) throw notNow(call.options, `${what}: ${problem}`);
  return send(call, async () => {
    const answer = await http(await call.addressOf(leader), '/switchover', { leader, candidate });
    if (answer.status === 412) throw moved(call.options, `Patroni refused the ${what}, something it depends on holds no longer`);
    if (answer.status !== 200 && answer.status !== 202) throw refusalOf(answer, what);
  });
}

async function problemOf({ http, call, now }: Place, host: string, view: ClusterView, request: Switchover): Promise<string | undefined> {
  const { minIntervalS } = request.limits;
  const last = call.options.isUndo || minIntervalS === 0 ? undefined : await lastSwitchAt(http, host);
  const agoS = last === undefined ? undefined : (now() - timeOf(last)) / 1000;
  return problemOfCluster(view, minIntervalS, agoS) ?? problemOfCandidate(view, request, await readMember(http, host), now());
}

async function reinitialize({ http, call }: Place, request: Reinitialize): Promise<Status> {
  const { member } = request;
  const host = await call.addressOf(member);
  const view = await readCluster(http, host);
  if (view.leader?.name !== request.leader) throw moved(call.options, `${view.leader?.name ?? 'nobody'} leads the cluster, not ${request.leader}`);
  const own = view.members.find((m) => m.name === member && m !== view.leader);
  if (!own) throw moved(call.options, `${member} is no replica of it`);
  if (own.state === 'creating replica') return 'already_applied';
  const { startedAt } = await readMember(http, host);
  const isSameStart = startedAt === undefined || timeOf(startedAt) < Date.parse(request.startedBefore);
  if (!isSameStart) throw moved(call.options, `${member} was started after the plan was made (${startedAt}), it may have been re-cloned already`);
  return send(call, async () => {
    const answer = await http(host, '/reinitialize', { force: false });
    if (answer.status !== 200) throw refusalOf(answer, `reinitialize of ${member}`);
  });
}

/** The write itself: not in a dry run, and only when whoever is asked right before it does not object. */
async function send({ options }: PatroniCall, post: () => Promise<void>): Promise<Status> {
  if (options.isDryRun) return 'dry_run';
  await options.beforeWrite?.();
  await post();
  return 'applied';
}

const moved = ({ isUndo }: ApplyOptions, what: string): KubernautError =>
  isUndo
    ? new KubernautError('Drifted', `${what}: somebody switched after us; look at it and decide`)
    : new KubernautError('PreconditionChanged', `${what}; plan again`);

/** A switch back waits for the old leader to stream: that is worth another attempt. A new switchover is planned anew. */
const notNow = ({ isUndo }: ApplyOptions, what: string): KubernautError =>
  isUndo ? new KubernautError('DatabaseUnavailable', `${what}; it is tried again`) : new KubernautError('PreconditionChanged', `${what}; wait or plan again`);
