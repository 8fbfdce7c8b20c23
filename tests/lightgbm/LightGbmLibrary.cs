using System.Runtime.InteropServices;

namespace Homeostat.LightGbm;

/// <summary>The part of LightGBM's C API (include/LightGBM/c_api.h) that is needed here.</summary>
internal static unsafe partial class LightGbmLibrary
{
    private const string Name = "lib_lightgbm";
    private const int Float32 = 0;
    private const int Float64 = 1;

    /// <summary>What predict gives: after the objective's transformation, or the sum.</summary>
    public enum Answer
    {
        Normal = 0,
        RawScore = 1,
    }

    /// <summary>Trains on rows of a matrix and saves the model's text.</summary>
    /// <returns>The booster, to predict with.</returns>
    public static nint Train(
        double[] matrix, int features, float[] labels, string parameters, int trees, string file)
    {
        nint data, booster;
        fixed (double* values = matrix)
        {
            Check(DatasetCreateFromMat(
                values, Float64, labels.Length, features, 1, parameters, 0, &data));
        }
        fixed (float* values = labels)
        {
            Check(DatasetSetField(data, "label", values, labels.Length, Float32));
        }
        Check(BoosterCreate(data, parameters, &booster));
        for (int i = 0; i < trees; i++)
        {
            int isFinished;
            Check(BoosterUpdateOneIter(booster, &isFinished));
            if (isFinished != 0)
            {
                break;
            }
        }
        Check(BoosterSaveModel(booster, 0, -1, 0, file));
        return booster;
    }

    public static double[] Predict(nint booster, double[] matrix, int features, Answer answer)
    {
        int rows = matrix.Length / features;
        double[] answers = new double[rows];
        long length;
        fixed (double* values = matrix, into = answers)
        {
            Check(BoosterPredictForMat(
                booster, values, Float64, rows, features, 1, (int)answer, 0, -1, "", &length,
                into));
        }
        return length == rows
            ? answers
            : throw new InvalidOperationException($"{length} answers to {rows} rows");
    }

    private static void Check(int code)
    {
        if (code != 0)
        {
            throw new InvalidOperationException(Marshal.PtrToStringUTF8(GetLastError()));
        }
    }

    [LibraryImport(Name, EntryPoint = "LGBM_GetLastError")]
    private static partial nint GetLastError();

    [LibraryImport(Name, EntryPoint = "LGBM_DatasetCreateFromMat",
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int DatasetCreateFromMat(
        double* data, int type, int rows, int columns, int isRowMajor, string parameters,
        nint reference, nint* made);

    [LibraryImport(Name, EntryPoint = "LGBM_DatasetSetField",
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int DatasetSetField(
        nint data, string field, float* values, int count, int type);

    [LibraryImport(Name, EntryPoint = "LGBM_BoosterCreate",
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int BoosterCreate(nint data, string parameters, nint* made);

    [LibraryImport(Name, EntryPoint = "LGBM_BoosterUpdateOneIter")]
    private static partial int BoosterUpdateOneIter(nint booster, int* isFinished);

    [LibraryImport(Name, EntryPoint = "LGBM_BoosterSaveModel",
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int BoosterSaveModel(
        nint booster, int start, int count, int importance, string file);

    [LibraryImport(Name, EntryPoint = "LGBM_BoosterPredictForMat",
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int BoosterPredictForMat(
        nint booster, double* data, int type, int rows, int columns, int isRowMajor, int answer,
        int start, int count, string parameters, long* length, double* answers);
}
