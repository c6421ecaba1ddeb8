import type { Remediation } from '../contracts/remediation.js';

/** What can sensibly be done now, ready to paste. Empty when there is nothing left to do. */
export function nextCommands(r: Remediation): string[] {
  if (r.phase === 'closed') return afterwards(r);
  const watch = `kubernaut watch ${r.id}`;
  if (r.phase === 'awaiting_approval') return decisions(r);
  if (r.hold?.can_override) return [watch, `kubernaut approve ${r.id} --reason "…"`, `kubernaut cancel ${r.id}`];
  const hasWritten = (r.plan?.steps ?? []).some((s) => s.status === 'applied' && s.undo !== 'none');
  if (r.phase === 'verifying' && hasWritten) return [watch, `kubernaut undo ${r.id} --reason "…"`];
  return [watch, `kubernaut cancel ${r.id}`];
}

function decisions({ id, plan, approval }: Remediation): string[] {
  const bound = `kubernaut approve ${id}${plan ? ` --plan ${plan.hash.slice(0, 12)}` : ''}`;
  return [bound, ...(approval?.alternatives?.length ? [`${bound} --candidate 2`] : []), `kubernaut reject ${id} --reason "…"`, `kubernaut watch ${id}`];
}

function afterwards(r: Remediation): string[] {
  const { kind, name, namespace } = r.target;
  const place = namespace ? ` -n ${shellWord(namespace)}` : '';
  const earlier = `kubernaut list --target ${shellWord(`${kind.toLowerCase()}/${name}`)}${place}`;
  if (r.outcome === 'escalated' || r.outcome === 'failed') return [`kubectl describe ${shellWord(kind.toLowerCase())} ${shellWord(name)}${place}`, earlier];
  return [earlier];
}

/** The name of a target that no cluster knows comes from an alert's labels: a pasted command must not run it. */
const shellWord = (text: string): string => (/^[A-Za-z0-9][\w./:@-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
