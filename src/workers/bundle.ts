import { bundleWorkflowCode } from '@temporalio/worker';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Written by `npm run build`; one file holds all workflow code, so that a release starts without a bundler. */
export const BUNDLE_PATH = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

const WORKFLOWS = ['../workflows/index.js', '../workflows/index.ts'].map((p) => fileURLToPath(new URL(p, import.meta.url)));

export const bundleWorkflows = (logger?: Parameters<typeof bundleWorkflowCode>[0]['logger'], workflowsPath = WORKFLOWS.find((p) => existsSync(p))!) =>
  bundleWorkflowCode({ workflowsPath, ...(logger ? { logger } : {}) });

/** The pre-built bundle of a release, else one made now (tests run from the sources). */
export async function workflowBundle(): Promise<{ codePath: string } | { code: string }> {
  if (existsSync(BUNDLE_PATH)) return { codePath: BUNDLE_PATH };
  return { code: (await bundleWorkflows()).code };
}
