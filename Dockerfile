# The node as a container image: docker build -t homeostat .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props BannedSymbols.txt global.json .editorconfig ./
COPY src src
COPY contracts/artifacts contracts/artifacts
RUN dotnet publish src/Homeostat.Node -c Release --nologo -o /opt/homeostat

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# The library's package is -1 or -2 by the base's release; without it signatures are managed code.
RUN apt-get update \
    && { apt-get install -y --no-install-recommends libsecp256k1-1 \
        || apt-get install -y --no-install-recommends libsecp256k1-2; } \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/homeostat homeostat
COPY --from=build /opt/homeostat /opt/homeostat
USER homeostat
WORKDIR /var/lib/homeostat
EXPOSE 8545 30303
# SIGTERM stops it cleanly; a second is usually enough, 10 s is always.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "/opt/homeostat/homeostat.dll"]
CMD ["--help"]
