import { account, on, type TypeCalls, tagged } from './provider-call-parts.ts'

/** See `providerCalls`: of the types that only the base stack has. Names are Pulumi's, made of logical ones. */

const arn = (service: string, resource: string) =>
  `arn:aws:${service}:${account.region}:${account.id}:${resource}`
const topic = arn('sns', 'sluice-alerts')
const suffix = '0a1b2c3'

const describes = (...actions: string[]) => on('*', ...actions.map((action) => `ec2:${action}`))
const ec2 = (resource: string, ...actions: string[]) =>
  on(arn('ec2', resource), ...actions.map((action) => `ec2:${action}`))
const creates = (resource: string, action: string) =>
  [...ec2(resource, action), ...ec2(resource, 'CreateTags')].map((request) => ({
    ...request,
    context: { 'ec2:CreateAction': action },
  }))

const rds =
  (resource: string, kind: string): TypeCalls =>
  ({ name }) => {
    const own = arn('rds', `${resource}:${name}-${suffix}`)
    return {
      create: on(own, `rds:Create${kind}`, 'rds:AddTagsToResource'),
      read: [...on('*', `rds:Describe${kind}s`), ...on(own, 'rds:ListTagsForResource')],
      update: on(own, `rds:Modify${kind}`, 'rds:AddTagsToResource', 'rds:RemoveTagsFromResource'),
      delete: on(own, `rds:Delete${kind}`),
    }
  }

export const baseProviderCalls: Readonly<Record<string, TypeCalls>> = {
  'aws:sns/topic:Topic': () => ({
    create: on(topic, 'sns:CreateTopic', 'sns:TagResource', 'sns:SetTopicAttributes'),
    read: on(topic, 'sns:GetTopicAttributes', 'sns:ListTagsForResource'),
    update: on(topic, 'sns:SetTopicAttributes', 'sns:TagResource', 'sns:UntagResource'),
    delete: on(topic, 'sns:DeleteTopic'),
  }),
  'aws:sns/topicPolicy:TopicPolicy': () => {
    const set = on(topic, 'sns:SetTopicAttributes')
    return { create: set, read: on(topic, 'sns:GetTopicAttributes'), update: set, delete: set }
  },
  'aws:sns/topicSubscription:TopicSubscription': () => ({
    create: on(topic, 'sns:Subscribe'),
    read: on(`${topic}:0a1b`, 'sns:GetSubscriptionAttributes'),
    update: on(`${topic}:0a1b`, 'sns:SetSubscriptionAttributes'),
    delete: on(`${topic}:0a1b`, 'sns:Unsubscribe'),
  }),

  // A component: what its own provider makes.
  'awsx:ec2:Vpc': () => ({
    create: [
      ...creates('vpc/vpc-1', 'CreateVpc'),
      ...creates('internet-gateway/igw-1', 'CreateInternetGateway'),
      ...creates('subnet/subnet-1', 'CreateSubnet'),
      ...creates('route-table/rtb-1', 'CreateRouteTable'),
    ],
    read: describes(
      'DescribeVpcs',
      'DescribeVpcAttribute',
      'DescribeSubnets',
      'DescribeRouteTables',
      'DescribeInternetGateways',
      'DescribeAvailabilityZones',
      'DescribeNetworkAcls',
      'DescribeAccountAttributes',
    ),
    update: [
      // What is made in a network is asked of the network, too.
      ...ec2('vpc/vpc-1', 'CreateSubnet', 'CreateRouteTable', 'ModifyVpcAttribute', 'AttachInternetGateway'),
      ...ec2('internet-gateway/igw-1', 'AttachInternetGateway'),
      ...ec2('subnet/subnet-1', 'ModifySubnetAttribute', 'AssociateRouteTable', 'CreateTags', 'DeleteTags'),
      ...ec2('route-table/rtb-1', 'AssociateRouteTable', 'CreateRoute', 'ReplaceRoute'),
    ],
    delete: [
      ...ec2('route-table/rtb-1', 'DeleteRoute', 'DisassociateRouteTable', 'DeleteRouteTable'),
      ...ec2('subnet/subnet-1', 'DisassociateRouteTable', 'DeleteSubnet'),
      ...ec2('internet-gateway/igw-1', 'DetachInternetGateway', 'DeleteInternetGateway'),
      ...ec2('vpc/vpc-1', 'DetachInternetGateway', 'DeleteVpc'),
    ],
  }),
  'aws:ec2/vpcEndpoint:VpcEndpoint': () => ({
    create: creates('vpc-endpoint/vpce-1', 'CreateVpcEndpoint'),
    read: describes('DescribeVpcEndpoints', 'DescribePrefixLists'),
    update: [
      ...ec2('vpc/vpc-1', 'CreateVpcEndpoint'),
      ...ec2('route-table/rtb-1', 'CreateVpcEndpoint', 'ModifyVpcEndpoint'),
      ...ec2('vpc-endpoint/vpce-1', 'ModifyVpcEndpoint'),
    ],
    delete: ec2('vpc-endpoint/vpce-1', 'DeleteVpcEndpoints'),
  }),
  'aws:ec2/securityGroup:SecurityGroup': () => ({
    create: creates('security-group/sg-1', 'CreateSecurityGroup'),
    read: describes('DescribeSecurityGroups', 'DescribeSecurityGroupRules', 'DescribeNetworkInterfaces'),
    update: [
      ...ec2('vpc/vpc-1', 'CreateSecurityGroup'),
      ...ec2(
        'security-group/sg-1',
        'AuthorizeSecurityGroupIngress',
        'AuthorizeSecurityGroupEgress',
        'RevokeSecurityGroupIngress',
        'RevokeSecurityGroupEgress',
      ),
    ],
    delete: ec2('security-group/sg-1', 'DeleteSecurityGroup'),
  }),

  'aws:batch/computeEnvironment:ComputeEnvironment': ({ name }) => {
    const calls = tagged('batch', arn('batch', `compute-environment/${name}-${suffix}`), {
      create: ['CreateComputeEnvironment'],
      read: [],
      update: ['UpdateComputeEnvironment'],
      delete: ['UpdateComputeEnvironment', 'DeleteComputeEnvironment'],
    })
    const linked =
      'arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch'
    return {
      ...calls,
      create: [
        ...calls.create,
        ...on(linked, 'iam:CreateServiceLinkedRole').map((request) => ({
          ...request,
          context: { 'iam:AWSServiceName': 'batch.amazonaws.com' },
        })),
      ],
      read: [...calls.read, ...on('*', 'batch:DescribeComputeEnvironments')],
    }
  },

  'aws:rds/subnetGroup:SubnetGroup': rds('subgrp', 'DBSubnetGroup'),
  'aws:rds/clusterInstance:ClusterInstance': rds('db', 'DBInstance'),
  'aws:rds/cluster:Cluster': (resource, graph) => {
    const calls = rds('cluster', 'DBCluster')(resource, graph)
    const own = arn('rds', `cluster:${resource.name}-${suffix}`)
    const group = arn('rds', `subgrp:${resource.name.replace('cluster', 'subnets')}-${suffix}`)
    const parameters = arn('rds', 'cluster-pg:default.aurora-postgresql16')
    const snapshot = arn('rds', `cluster-snapshot:${String(resource.inputs.finalSnapshotIdentifier)}`)
    return {
      ...calls,
      create: [
        ...calls.create,
        ...on(group, 'rds:CreateDBCluster'),
        ...on(parameters, 'rds:CreateDBCluster'),
        ...on(arn('kms', 'key/1'), 'kms:DescribeKey').map((request) => ({
          ...request,
          context: { 'kms:ResourceAliases': ['alias/aws/secretsmanager'] },
        })),
        ...on(
          arn('secretsmanager', 'secret:rds!cluster-0a1b'),
          'secretsmanager:CreateSecret',
          'secretsmanager:TagResource',
        ),
      ],
      read: [...calls.read, ...on('*', 'rds:DescribeGlobalClusters')],
      update: [...calls.update, ...on(own, 'rds:EnableHttpEndpoint', 'rds:DisableHttpEndpoint')],
      delete: [...calls.delete, ...on(snapshot, 'rds:CreateDBClusterSnapshot')],
    }
  },
}
