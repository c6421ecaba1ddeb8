/** For kubernaut.yaml; the token comes from the environment so that the file can be committed. */
export const SLACK_SNIPPET = `1. Make a Slack app (api.slack.com/apps) with the bot scope chat:write, install it, invite it into the channel.
2. Add to kubernaut.yaml, or set the same as KUBERNAUT_CHANNELS (JSON) in the environment:

channels:
  log: {}
  slack:
    token: xoxb-…            # the bot token; keep this file readable by its owner alone (chmod 600)
    channel: C0123456789     # id of the channel

3. Start Kubernaut again, then: kubernaut connect slack --test`;
