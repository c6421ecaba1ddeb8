import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installInto } from '../bootstrap/cache.mjs';
import { findOnPath, isExecutable, requireTool, run } from '../bootstrap/run.mjs';

const VERSION = '1.32.1';
const ARTIFACT = `io.temporal:temporal-test-server:${VERSION}`;
const LAUNCHER = 'temporal-test-server';
const MINIMUM_JAVA = 11;

/** The SDK would download a native build by itself; this is for where it cannot. */
export function testServerChain() {
  const dir = cacheDir('test-server', VERSION);
  const path = join(dir, LAUNCHER);
  return {
    server: 'Temporal time-skipping test server',
    advice: `install Java ${MINIMUM_JAVA} or later and Maven, or put a temporal-test-server executable on PATH`,
    ways: [
      { way: `${LAUNCHER} on PATH`, attempt: async () => findOnPath(LAUNCHER) ?? Promise.reject(new Error('not there')) },
      { way: 'cache', attempt: async () => (isExecutable(path) ? path : Promise.reject(new Error(`no ${path}`))) },
      {
        way: `Maven artifact ${ARTIFACT}`,
        attempt: async (say) => {
          await installInto({ dir, file: LAUNCHER, write: (temporary) => install(temporary, say), onWait: (pid) => say(`process ${pid} is installing it`) });
          return path;
        },
      },
    ],
  };
}

async function install(dir, say) {
  const java = requireTool('java', `install Java ${MINIMUM_JAVA} or later`);
  await checkJava(java);
  const maven = requireTool('mvn', 'install Maven');
  writeFileSync(join(dir, 'pom.xml'), POM);
  const network = ['-Dmaven.wagon.http.connectionTimeout=8000', '-Daether.connector.connectTimeout=8000', '-Daether.connector.requestTimeout=10000'];
  const args = ['-B', '-f', join(dir, 'pom.xml'), ...network, 'dependency:copy-dependencies', `-DoutputDirectory=${join(dir, 'lib')}`];
  mkdirSync(join(dir, 'lib'));
  await run(maven, args, { onLine: (line) => say(line.replace(/^\[\w+\]\s*/, '')) });
  writeFileSync(join(dir, LAUNCHER), LAUNCH_SCRIPT);
  chmodSync(join(dir, LAUNCHER), 0o755);
}

async function checkJava(java) {
  let version = '';
  await run(java, ['-version'], { timeoutMs: 10_000, onLine: (line) => (version ||= line) });
  const major = Number(/"(?:1\.)?(\d+)/.exec(version)?.[1] ?? 0);
  if (major < MINIMUM_JAVA) throw new Error(`${java} is ${version}; Java ${MINIMUM_JAVA} or later is needed`);
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.kubernaut</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/** Called by the SDK with the port as first argument. It finds its libraries beside itself: the folder gets renamed. */
const LAUNCH_SCRIPT = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
`;
