-- Disruptive steps of a cluster within a day: asked before each plan and each write where the policy has a budget of disruption.
create index steps_disruptive on steps (cluster, at desc) where tier >= 2;
