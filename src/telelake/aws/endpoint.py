"""What Telegram posts to: an HTTP API, or the door's own address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_

from telelake.aws.functions import DOOR_SECONDS
from telelake.aws.rights import acknowledge, arn
from telelake.aws.storage import log_group

if TYPE_CHECKING:
    from telelake.settings import Aws

# No address parameter, header or body: nothing of an update, and no secret, comes into the log.
_ACCESS_LOG = (
    '{"time":"$context.requestTime","ip":"$context.identity.sourceIp","route":"$context.routeKey",'
    '"status":"$context.status","bytes":"$context.responseLength","milliseconds":"$context.responseLatency",'
    '"error":"$context.integrationErrorMessage","id":"$context.requestId"}'
)


def make_endpoint(stack: cdk.Stack, settings: Aws, door: lambda_.CfnFunction) -> tuple[str, str | None]:
    """Declare what `aws.endpoint` says; return its address without the last slash, and the id of the API, if it is one."""
    return _api(stack, settings, door) if settings.endpoint == "api-gateway" else (_function_url(stack, door), None)


def _api(stack: cdk.Stack, settings: Aws, door: lambda_.CfnFunction) -> tuple[str, str]:
    api = apigateway.CfnApi(stack, "Api", name=settings.stack, protocol_type="HTTP", description=door.description)
    target = apigateway.CfnIntegration(
        stack, "ApiToDoor",
        api_id=api.ref, integration_type="AWS_PROXY", integration_uri=door.attr_arn, integration_method="POST",
        payload_format_version="2.0", timeout_in_millis=DOOR_SECONDS * 1000,
    )  # fmt: skip
    for name, method, path in (("Webhook", "POST", "/telegram/{bot}"), ("Health", "GET", "/healthz")):
        route = apigateway.CfnRoute(
            stack, f"{name}Route",
            api_id=api.ref, route_key=f"{method} {path}", authorization_type="NONE", target=f"integrations/{target.ref}",
        )  # fmt: skip
        acknowledge(
            route, "AwsSolutions-APIG4",
            "Telegram proves itself by a secret header, which the door compares; the answer to /healthz is empty.",
        )  # fmt: skip
        lambda_.CfnPermission(
            stack, f"{name}Permission",
            action="lambda:InvokeFunction", function_name=door.ref, principal="apigateway.amazonaws.com",
            source_arn=arn(stack, "execute-api", api.ref, f"*/{method}{path.replace('{bot}', '*')}"),
        )  # fmt: skip
    log = log_group(stack, "ApiLog", f"/aws/vendedlogs/{settings.stack}/api", settings.log_days)
    apigateway.CfnStage(
        stack, "ApiStage",
        api_id=api.ref, stage_name="$default", auto_deploy=True,
        default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
            throttling_rate_limit=settings.requests_per_second,
            throttling_burst_limit=min(5000, 2 * settings.requests_per_second),
        ),
        access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=arn(stack, "logs", "log-group", log.ref, separator=":"), format=_ACCESS_LOG
        ),
    )  # fmt: skip
    return api.attr_api_endpoint, api.ref


def _function_url(stack: cdk.Stack, door: lambda_.CfnFunction) -> str:
    made = lambda_.CfnUrl(stack, "DoorUrl", auth_type="NONE", target_function_arn=door.attr_arn, invoke_mode="BUFFERED")
    lambda_.CfnPermission(
        stack, "DoorUrlPermission",
        action="lambda:InvokeFunctionUrl", function_name=door.ref, principal="*", function_url_auth_type="NONE",
    )  # fmt: skip
    # Since October 2025 both are needed; the second allows nothing but the way through the address.
    lambda_.CfnPermission(
        stack, "DoorUrlInvokePermission",
        action="lambda:InvokeFunction", function_name=door.ref, principal="*", invoked_via_function_url=True,
    )  # fmt: skip
    host = cdk.Fn.select(2, cdk.Fn.split("/", made.attr_function_url))
    return f"https://{host}"
