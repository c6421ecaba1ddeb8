import { Command } from 'commander';
import { alertmanagerSnippet, TOKEN_FILE } from '../connect/alertmanager-snippet.js';
import { grafanaSnippet } from '../connect/grafana-snippet.js';
import { installationOf, type Installation } from '../connect/installation.js';
import { SLACK_SNIPPET } from '../connect/slack-snippet.js';
import { snsSnippet } from '../connect/sns-snippet.js';
import { webhookSnippet } from '../connect/webhook-snippet.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { clientFor, globalsOf } from '../globals.js';
import { printable, remark, writeLine } from '../output.js';
import { readRunFile } from '../run-file.js';

interface ConnectOptions {
  test?: boolean;
  publicUrl?: string;
}

export function connectCommand(): Command {
  const command = new Command('connect').description('paste-ready configuration of what sends alerts here and of what is told');
  command.addCommand(alertmanager()).addCommand(grafana()).addCommand(sns()).addCommand(webhook()).addCommand(slack()).addCommand(token());
  return withExamples(command, 'kubernaut connect alertmanager', 'kubernaut connect alertmanager --test', 'kubernaut connect slack --test');
}

const PUBLIC_URL = ['--public-url <url>', 'how the sender reaches this gateway'] as const;

function alertmanager(): Command {
  const command = new Command('alertmanager')
    .description('receiver and route for alertmanager.yml')
    .option(...PUBLIC_URL)
    .option('--test', 'send a test event to the gateway and say what came of it')
    .action(async ({ test, publicUrl }: ConnectOptions, self: Command) => {
      if (test) return testGateway(self);
      const installation = installationOf(self, publicUrl);
      remark(`# on the machine of AlertManager, once:  ${installation.tokenCommand(TOKEN_FILE)}  (readable by AlertManager's user)`);
      remark('# then add to alertmanager.yml, check with amtool check-config, reload, and run: kubernaut connect alertmanager --test');
      warnOfLoopback(installation);
      writeLine(alertmanagerSnippet(installation).trimEnd());
    });
  return withExamples(command, 'kubernaut connect alertmanager > kubernaut-receiver.yml', 'kubernaut connect alertmanager --public-url https://kubernaut.example.com', 'kubernaut connect alertmanager --test');
}

function grafana(): Command {
  const command = new Command('grafana')
    .description('a signed contact point for Grafana, and what belongs into kubernaut.yaml')
    .option(...PUBLIC_URL)
    .action(({ publicUrl }: ConnectOptions, self: Command) => {
      const installation = installationOf(self, publicUrl);
      warnOfLoopback(installation);
      writeLine(grafanaSnippet(installation));
    });
  return withExamples(command, 'kubernaut connect grafana --public-url https://kubernaut.example.com');
}

function sns(): Command {
  const command = new Command('sns')
    .description('CloudWatch alarms through an SNS topic')
    .argument('[topic]', 'ARN of the topic')
    .option(...PUBLIC_URL)
    .action((topic: string | undefined, { publicUrl }: ConnectOptions, self: Command) => {
      if (topic !== undefined && !/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/.test(topic)) throw new Exit(EXIT.usage, `${topic} is not the ARN of a topic; it looks like arn:aws:sns:eu-west-1:123456789012:kubernaut-alarms`);
      const installation = installationOf(self, publicUrl);
      warnOfLoopback(installation);
      writeLine(snsSnippet(installation, topic));
    });
  return withExamples(command, 'kubernaut connect sns arn:aws:sns:eu-west-1:123456789012:kubernaut-alarms --public-url https://kubernaut.example.com');
}

function webhook(): Command {
  const command = new Command('webhook')
    .description('send alerts from anything that can post JSON; post notifications anywhere')
    .option(...PUBLIC_URL)
    .option('--test', 'send a test event to the gateway and say what came of it')
    .action(async ({ test, publicUrl }: ConnectOptions, self: Command) => {
      if (test) return testGateway(self);
      const installation = installationOf(self, publicUrl);
      warnOfLoopback(installation);
      writeLine(webhookSnippet(installation));
    });
  return withExamples(command, 'kubernaut connect webhook', 'kubernaut connect webhook --test');
}

function slack(): Command {
  const command = new Command('slack')
    .description('be told and asked in a Slack channel')
    .option('--test', 'post a test message through the configured channel')
    .action(async ({ test }: ConnectOptions, self: Command) => {
      if (!test) return writeLine(SLACK_SNIPPET);
      const { testChannel } = await import('../connect/test-channel.js');
      writeLine(printable(await testChannel('slack', globalsOf(self).dataDir)));
    });
  return withExamples(command, 'kubernaut connect slack', 'kubernaut connect slack --test');
}

function token(): Command {
  const command = new Command('token')
    .description('the token of this installation alone, for a file that a sender reads')
    .action((_options: object, self: Command) => {
      const { dataDir, token: given } = globalsOf(self);
      const value = given ?? readRunFile(dataDir).token;
      if (value === '') throw new Exit(EXIT.failed, 'this installation has no token; set gateway.tokens');
      writeLine(value);
    });
  return withExamples(command, '(umask 077; kubernaut connect token > kubernaut.token)');
}

async function testGateway(self: Command): Promise<void> {
  const { sendTestEvent } = await import('../connect/test-event.js');
  writeLine(await sendTestEvent(clientFor(self)));
}

function warnOfLoopback({ isLoopback, url }: Installation): void {
  if (isLoopback) remark(`# ${url} answers on this machine alone; for a sender elsewhere give --public-url and set gateway.host`);
}
