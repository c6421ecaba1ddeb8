import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installInto } from '../bootstrap/cache.mjs';
import { findOnPath, isExecutable, requireTool, run } from '../bootstrap/run.mjs';

const VERSION = '1.32.1';
const ARTIFACT = `io.temporal:temporal-test-server:${VERSION}`;
const LAUNCHER = 'temporal-test-server';
const MINIMUM_JAVA = 11;
/** Maven ends every failure with the same six lines of advice. */
const MAVEN_REASON = /^\[ERROR\] (?!To see|Re-run|For more|\[Help)\S/;
/** In full: a mere prefix makes Maven ask for every plugin of the default life cycle before this one. */
const COPY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
/** Connect, read and retry limits of both transports Maven has used. Its own default is to wait half an hour. */
const FAIL_FAST = [
  '-Dmaven.wagon.rto=6000', '-Dmaven.wagon.http.retryHandler.count=0', '-Dmaven.wagon.httpconnectionManager.ttlSeconds=25',
  '-Daether.connector.connectTimeout=6000', '-Daether.connector.requestTimeout=6000', '-Daether.connector.http.retryHandler.count=0',
];

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
  const args = ['-B', '-f', join(dir, 'pom.xml'), ...FAIL_FAST, `${COPY_PLUGIN}:copy-dependencies`, `-DoutputDirectory=${join(dir, 'lib')}`];
  mkdirSync(join(dir, 'lib'));
  await run(maven, args, { onLine: (line) => say(line.replace(/^\[\w+\]\s*/, '')), reason: MAVEN_REASON });
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
