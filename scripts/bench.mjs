// `npm run bench -- <name> [options]`: runs one benchmark from the build. Without a known name: lists them.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BENCHES = {
  decision: 'signal to plan without a model, 20 at once, beside the floor; what is added to a model that answers in two seconds',
  drain: 'a node with 200 pods under budgets: our drain beside kubectl drain and a bare 32-way eviction loop',
  ingest: 'posts of alerts per second beside a bare start loop on the same Temporal, duplicates, memory of the gateway',
  remediation: 'POST to applied write, remediations per second, memory, API requests and history events, beside the floor',
  scenarios: 'every shipped scenario without a model, with a scripted one, with its server down, and with one that answers garbage',
  storm: '10,000 alerts over 100 workloads through a real AlertManager, the gateway killed five times: exactly 100 remediations',
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !(name in BENCHES)) {
  console.error(`usage: npm run bench -- <name> [--help]\n\n${Object.entries(BENCHES).map(([id, about]) => `  ${id}  ${about}`).join('\n')}`);
  process.exit(2);
}
const file = new URL(`../dist/bench/${name}.js`, import.meta.url);
if (!existsSync(fileURLToPath(file))) {
  console.error('error: the benchmarks are not built yet; run: npm run build');
  process.exit(3);
}
const { bench } = await import(file.href);
await bench(args);
