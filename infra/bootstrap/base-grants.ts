import { alertTopicName } from '../names.ts'
import { arnOf, type Condition } from '../permissions.ts'
import type { AccountScope } from './account-scope.ts'
import type { Grant } from './grants.ts'

/**
 * What deploying the base stack takes, which only main does: a branch that could change what all branches share could
 * reach prod through it. Names are those that Pulumi makes of `infra/base`'s logical names; a network's resources have
 * ids for names and are told by their tags.
 */
export function baseGrants(scope: AccountScope): Grant[] {
  return [...topicGrants(scope), ...environmentGrants(scope), ...clusterGrants(scope)]
}

function topicGrants(scope: AccountScope): Grant[] {
  return [
    {
      sid: 'Topic',
      reads: [
        'sns:GetSubscriptionAttributes',
        'sns:GetTopicAttributes',
        'sns:ListSubscriptionsByTopic',
        'sns:ListTagsForResource',
      ],
      writes: [
        'sns:CreateTopic',
        'sns:DeleteTopic',
        'sns:SetSubscriptionAttributes',
        'sns:SetTopicAttributes',
        'sns:Subscribe',
        'sns:TagResource',
        'sns:Unsubscribe',
        'sns:UntagResource',
      ],
      resources: [arnOf(scope, 'sns', alertTopicName), arnOf(scope, 'sns', `${alertTopicName}:*`)],
    },
  ]
}

const networkKinds = [
  'internet-gateway',
  'route-table',
  'security-group',
  'security-group-rule',
  'subnet',
  'vpc',
  'vpc-endpoint',
]
const networkCreations = [
  'CreateInternetGateway',
  'CreateRouteTable',
  'CreateSecurityGroup',
  'CreateSubnet',
  'CreateVpc',
  'CreateVpcEndpoint',
]

/** The base stack's network; see `baseGrants`. */
export function networkGrants(scope: AccountScope): Grant[] {
  const resources = networkKinds.map((kind) => arnOf(scope, 'ec2', `${kind}/*`))
  const tags = (key: 'RequestTag' | 'ResourceTag'): Condition => ({
    StringEquals: { [`aws:${key}/sluice:project`]: scope.project, [`aws:${key}/sluice:stack`]: 'base' },
  })
  const creations = networkCreations.map((action) => `ec2:${action}`)
  return [
    { sid: 'NetworkMake', writes: creations, resources, condition: tags('RequestTag') },
    {
      sid: 'NetworkMakeTagged',
      writes: ['ec2:CreateTags'],
      resources,
      condition: {
        StringEquals: { ...tags('RequestTag').StringEquals, 'ec2:CreateAction': networkCreations },
      },
    },
    {
      sid: 'NetworkChange',
      writes: [
        ...creations.filter((action) => action !== 'ec2:CreateVpc' && action !== 'ec2:CreateInternetGateway'),
        'ec2:AssociateRouteTable',
        'ec2:AttachInternetGateway',
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:AuthorizeSecurityGroupIngress',
        'ec2:CreateRoute',
        'ec2:CreateTags',
        'ec2:DeleteInternetGateway',
        'ec2:DeleteRoute',
        'ec2:DeleteRouteTable',
        'ec2:DeleteSecurityGroup',
        'ec2:DeleteSubnet',
        'ec2:DeleteTags',
        'ec2:DeleteVpc',
        'ec2:DeleteVpcEndpoints',
        'ec2:DetachInternetGateway',
        'ec2:DisassociateRouteTable',
        'ec2:ModifySubnetAttribute',
        'ec2:ModifyVpcAttribute',
        'ec2:ModifyVpcEndpoint',
        'ec2:ReplaceRoute',
        'ec2:ReplaceRouteTableAssociation',
        'ec2:RevokeSecurityGroupEgress',
        'ec2:RevokeSecurityGroupIngress',
      ],
      resources,
      condition: tags('ResourceTag'),
    },
    {
      sid: 'NetworkSeen',
      reads: [
        'ec2:DescribeAccountAttributes',
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeNetworkAcls',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribePrefixLists',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroupRules',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeTags',
        'ec2:DescribeVpcAttribute',
        'ec2:DescribeVpcEndpoints',
        'ec2:DescribeVpcs',
      ],
      resources: ['*'],
    },
  ]
}

function environmentGrants(scope: AccountScope): Grant[] {
  return [
    {
      sid: 'Environments',
      reads: ['batch:ListTagsForResource'],
      writes: [
        'batch:CreateComputeEnvironment',
        'batch:DeleteComputeEnvironment',
        'batch:TagResource',
        'batch:UntagResource',
        'batch:UpdateComputeEnvironment',
      ],
      resources: [arnOf(scope, 'batch', 'compute-environment/jobs-*')],
    },
    {
      // AWS's own roles for its services: their rights are AWS's to say.
      sid: 'ServiceRoles',
      writes: ['iam:CreateServiceLinkedRole'],
      resources: [`arn:${scope.partition}:iam::${scope.accountId}:role/aws-service-role/*`],
      condition: {
        StringEquals: { 'iam:AWSServiceName': ['batch.amazonaws.com', 'rds.amazonaws.com'] },
      },
    },
  ]
}

function clusterGrants(scope: AccountScope): Grant[] {
  // Prod's catalog and that of previews.
  const each = (...resources: string[]) =>
    resources.flatMap((resource) =>
      ['', 'preview-'].map((which) => arnOf(scope, 'rds', resource.replace('catalog', `${which}catalog`))),
    )
  return [
    {
      sid: 'Clusters',
      reads: ['rds:ListTagsForResource'],
      writes: [
        'rds:AddTagsToResource',
        'rds:CreateDBCluster',
        'rds:CreateDBClusterSnapshot',
        'rds:CreateDBInstance',
        'rds:CreateDBSubnetGroup',
        'rds:DeleteDBCluster',
        'rds:DeleteDBInstance',
        'rds:DeleteDBSubnetGroup',
        'rds:DisableHttpEndpoint',
        'rds:EnableHttpEndpoint',
        'rds:ModifyDBCluster',
        'rds:ModifyDBInstance',
        'rds:ModifyDBSubnetGroup',
        'rds:RemoveTagsFromResource',
      ],
      resources: each(
        'cluster:catalog-cluster-*',
        'cluster-snapshot:catalog-final',
        'db:catalog-instance-*',
        'subgrp:catalog-subnets-*',
      ),
    },
    {
      sid: 'ClusterDefaults',
      writes: ['rds:CreateDBCluster', 'rds:CreateDBInstance', 'rds:ModifyDBCluster', 'rds:ModifyDBInstance'],
      resources: ['cluster-pg:default.*', 'og:default:*', 'pg:default.*'].map((end) =>
        arnOf(scope, 'rds', end),
      ),
    },
    {
      sid: 'ClustersSeen',
      reads: [
        'rds:DescribeDBClusters',
        'rds:DescribeDBInstances',
        'rds:DescribeDBSubnetGroups',
        'rds:DescribeGlobalClusters',
      ],
      resources: ['*'],
    },
    {
      // RDS makes the master's secret in the name of who makes the cluster; nobody but RDS reads it here.
      sid: 'ClusterSecrets',
      writes: ['secretsmanager:CreateSecret', 'secretsmanager:RotateSecret', 'secretsmanager:TagResource'],
      resources: [arnOf(scope, 'secretsmanager', 'secret:rds!cluster-*')],
    },
    {
      sid: 'ClusterKeys',
      writes: ['kms:DescribeKey'],
      resources: [arnOf(scope, 'kms', 'key/*')],
      condition: {
        'ForAnyValue:StringEquals': { 'kms:ResourceAliases': ['alias/aws/rds', 'alias/aws/secretsmanager'] },
      },
    },
  ]
}
