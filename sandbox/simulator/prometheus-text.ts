export type Labels = Record<string, string | undefined>;

export interface Sample {
  name: string;
  labels: Labels;
  value: number;
}

const escape = (text: string): string => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

const lineOf = ({ name, labels, value }: Sample): string => {
  const pairs = Object.entries(labels).flatMap(([key, text]) => (text === undefined ? [] : [`${key}="${escape(text)}"`]));
  return `${name}{${pairs.join(',')}} ${String(value)}`;
};

/** Prometheus text exposition: samples of one name stand together under one TYPE line. */
export function expositionOf(samples: Sample[]): string {
  const byName = new Map<string, string[]>();
  for (const sample of samples) {
    const lines = byName.get(sample.name);
    if (lines) lines.push(lineOf(sample));
    else byName.set(sample.name, [lineOf(sample)]);
  }
  const blocks = [...byName].map(([name, lines]) => `# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}\n${lines.join('\n')}\n`);
  return blocks.join('');
}
